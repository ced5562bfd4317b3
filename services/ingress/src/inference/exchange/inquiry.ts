import type { MailboxWriter, Roster } from '@sluice/relay';

/**
 * Asks workers whether one of them has a run of which Redis has lost every trace. Each worker answers for itself, and
 * one that disclaims the run does not begin it later. So a run that all workers disclaim has made no upstream call.
 */
export interface Inquiry {
  /** @param workerId the only one that can have it; not given: all workers of the fleet are asked */
  start(epoch: number, workerId?: string): void;
  /** This worker does not have it. */
  disclaimed(workerId: string): void;
  stop(): void;
}

export interface InquiryNeeds {
  readonly requestId: string;
  readonly roster: Pick<Roster, 'members'>;
  readonly writer: Pick<MailboxWriter, 'send'>;
  /** None of the workers has it. */
  readonly onDisclaimed: () => void;
  /** Not all have answered in time, and none of those that have has the run. */
  readonly onSilence: () => void;
}

/**
 * Longer than a worker needs to reconnect to Redis: it tries at least once a second, and writes again to a missing
 * mailbox every 200 ms.
 */
const answerMs = 3000;

export function createInquiry({ requestId, roster, writer, onDisclaimed, onSilence }: InquiryNeeds): Inquiry {
  let whom: (() => readonly string[]) | undefined;
  let asked = new Map<string, 'asked' | 'disclaimed'>();
  let epoch = 0;
  let timer: NodeJS.Timeout | undefined;

  function stop(): void {
    clearTimeout(timer);
    whom = undefined;
  }

  /** A worker that has joined meanwhile is asked as well. */
  function look(): void {
    const workers = whom?.() ?? [];
    for (const worker of workers) {
      if (asked.has(worker)) continue;
      asked.set(worker, 'asked');
      writer.send(worker, { requestId, epoch, seq: 0, kind: 'probe', data: '' });
    }
    if (workers.some((worker) => asked.get(worker) !== 'disclaimed')) return;
    stop();
    onDisclaimed();
  }

  return {
    start(run, workerId) {
      stop();
      epoch = run;
      asked = new Map();
      whom = workerId === undefined ? () => roster.members() : () => [workerId];
      timer = setTimeout(() => {
        stop();
        onSilence();
      }, answerMs);
      look();
    },
    disclaimed(workerId) {
      asked.set(workerId, 'disclaimed');
      if (whom !== undefined) look();
    },
    stop,
  };
}
