import type { ChatJob } from '@sluice/protocol';
import type { Submitter } from '@sluice/queue';

/** Watches over a run that lies in the queue: it must not lie there too long, nor get lost on its way to a worker. */
export interface QueueWatch {
  start(job: ChatJob): void;
  stop(): void;
}

export interface QueueWatchNeeds {
  readonly submitter: Pick<Submitter, 'find'>;
  /** Maximum time that a run may lie in the queue, in ms. */
  readonly waitMs: number;
  readonly onTimeout: () => void;
  /** The job is in the list no more, and no worker has begun it: one may have died with it in its hands. */
  readonly onLost: () => void;
  readonly onError: (error: unknown) => void;
}

/** Interval of the checks, and number of times in turn it must be missing from the list to count as lost. */
const lookEveryMs = 1000;
const missesUntilLost = 2;

export function createQueueWatch({ submitter, waitMs, onTimeout, onLost, onError }: QueueWatchNeeds): QueueWatch {
  let watched: ChatJob | undefined;
  let endsAt = 0;
  let misses = 0;
  let timer: NodeJS.Timeout | undefined;

  function goOn(job: ChatJob): void {
    if (watched !== job) return;
    const leftMs = endsAt - performance.now();
    if (leftMs <= 0) return onTimeout();
    timer = setTimeout(() => void look(job).then(() => goOn(job)), Math.min(lookEveryMs, leftMs));
  }

  async function look(job: ChatJob): Promise<void> {
    try {
      const place = await submitter.find(job);
      if (watched !== job) return;
      misses = place === 'listed' ? 0 : misses + 1;
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
      goOn(job);
    },
    stop() {
      clearTimeout(timer);
      watched = undefined;
    },
  };
}
