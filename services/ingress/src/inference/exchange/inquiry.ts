import type { MailboxWriter, Roster } from '@sluice/relay';

/**
 * Asks the workers for a run of which Redis has lost every trace. Each worker answers for itself, and does not begin a
 * run later that it has disclaimed. So a run that all workers disclaim has made no attempt.
 */
export interface Inquiry {
  /** @param workerId the only worker that can have the run; undefined = all workers of the fleet are asked */
  start(epoch: number, workerId?: string): void;
  /** Records that this worker does not have the run. */
  disclaimed(workerId: string): void;
  stop(): void;
}

export interface InquiryNeeds {
  readonly requestId: string;
  readonly roster: Pick<Roster, 'members'>;
  readonly writer: Pick<MailboxWriter, 'send'>;
  /** Called when all workers have disclaimed the run. */
  readonly onDisclaimed: () => void;
  /** Called when some workers have not answered in time, and all others have disclaimed the run. */
  readonly onSilence: () => void;
}

/**
 * Time limit for the answers. A worker needs less to reconnect to Redis: it tries at least once a second, and writes
 * again to a missing mailbox every 200 ms.
 */
const answerMs = 3000;

export function createInquiry({ requestId, roster, writer, onDisclaimed, onSilence }: InquiryNeeds): Inquiry {
  let candidates: (() => readonly string[]) | undefined;
  let asked = new Map<string, 'asked' | 'disclaimed'>();
  let epoch = 0;
  let timer: NodeJS.Timeout | undefined;

  function stop(): void {
    clearTimeout(timer);
    candidates = undefined;
  }

  /** Asks the workers that have not been asked yet: a worker may have joined in the meantime. */
  function askOthers(): void {
    const workers = candidates?.() ?? [];
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
      candidates = workerId === undefined ? () => roster.members() : () => [workerId];
      timer = setTimeout(() => {
        stop();
        onSilence();
      }, answerMs);
      askOthers();
    },
    disclaimed(workerId) {
      asked.set(workerId, 'disclaimed');
      if (candidates !== undefined) askOthers();
    },
    stop,
  };
}
