import type { ChatJob, Delivered, RetryState } from '@sluice/protocol';
import type { Submitter, TakeBack } from '@sluice/queue';

/** The runs of one request as the queue knows them. Decides nothing: when there is another one is the exchange's to say. */
export interface Runs {
  readonly latest: ChatJob;
  /** Makes another run the latest one, an epoch later. It is yet to be queued. */
  begin(next: NextRun): void;
  /** The same, for a run that takes the place of the latest one, which nobody has begun, and goes on from the same. */
  replace(): void;
  /** Stores the request and queues its latest run. */
  submit(): ReturnType<Submitter['submit']>;
  /** Queues the latest run of the stored request. */
  resubmit(): ReturnType<Submitter['resubmit']>;
  /** Keeps workers from the latest run, so that it can be replaced. */
  takeBack(): Promise<TakeBack>;
  /** No run is wanted any more. True when a worker had begun the latest one. */
  withdraw(): Promise<boolean>;
}

export interface NextRun {
  readonly state: RetryState;
  /** What the client has, for the run to go on from. */
  readonly delivered: Delivered | undefined;
}

export interface RunsNeeds {
  readonly submitter: Submitter;
  readonly first: ChatJob;
  readonly body: Buffer;
  /** ms since 1970 on the Redis clock. */
  readonly deadlineAt: number;
  /** How long the request is kept in Redis, in ms from now on. */
  readonly keepMs: number;
}

export function createRuns({ submitter, first, body, deadlineAt, keepMs }: RunsNeeds): Runs {
  let job: ChatJob = { ...first, deadlineAt: Math.round(deadlineAt) };
  let delivered: Delivered | undefined;
  const endsAt = performance.now() + keepMs;
  return {
    get latest() {
      return job;
    },
    begin(next) {
      job = { ...job, epoch: job.epoch + 1, state: next.state };
      ({ delivered } = next);
    },
    replace() {
      job = { ...job, epoch: job.epoch + 1 };
    },
    submit: () =>
      submitter.submit({ job, body, deadlineAt, ttlMs: Math.max(1, endsAt - performance.now()), delivered }),
    resubmit: () => submitter.resubmit({ job, delivered }),
    takeBack: () => submitter.takeBack({ ...job, epoch: job.epoch + 1 }),
    withdraw: () => submitter.withdraw(job),
  };
}
