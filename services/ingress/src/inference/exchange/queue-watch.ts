import type { ChatJob } from '@sluice/protocol';
import type { Submitter } from '@sluice/queue';

/** Watches a run in the queue: reports when it has waited too long, or got lost on the way to a worker. */
export interface QueueWatch {
  start(job: ChatJob): void;
  stop(): void;
}

export interface QueueWatchNeeds {
  readonly submitter: Pick<Submitter, 'find'>;
  /** Maximum time of a run in the queue, in ms. */
  readonly waitMs: number;
  readonly onTimeout: () => void;
  /** Called when the job has left the list and no worker has begun it: the worker that took it may have died. */
  readonly onLost: () => void;
  readonly onError: (error: unknown) => void;
}

/** Poll interval, and number of misses in a row after which the job counts as lost. */
const checkEveryMs = 1000;
const missesUntilLost = 2;

export function createQueueWatch({ submitter, waitMs, onTimeout, onLost, onError }: QueueWatchNeeds): QueueWatch {
  let watched: ChatJob | undefined;
  let endsAt = 0;
  let misses = 0;
  let timer: NodeJS.Timeout | undefined;

  function scheduleCheck(job: ChatJob): void {
    if (watched !== job) return;
    const leftMs = endsAt - performance.now();
    if (leftMs <= 0) return onTimeout();
    timer = setTimeout(() => void check(job).then(() => scheduleCheck(job)), Math.min(checkEveryMs, leftMs));
  }

  async function check(job: ChatJob): Promise<void> {
    try {
      const found = await submitter.find(job);
      if (watched !== job) return;
      misses = found === 'listed' ? 0 : misses + 1;
      if (misses >= missesUntilLost) onLost();
    } catch (error) {
      onError(error);
    }
  }

  return {
    start(job) {
      clearTimeout(timer);
      watched = job;
      endsAt = performance.now() + waitMs;
      misses = 0;
      scheduleCheck(job);
    },
    stop() {
      clearTimeout(timer);
      watched = undefined;
    },
  };
}
