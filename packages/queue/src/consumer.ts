import { setTimeout as delay } from 'node:timers/promises';
import { type ChatJob, chatJobSchema } from '@sluice/protocol';
import type { Keys, RedisConnection } from '@sluice/redis';
import { type Job, Worker } from 'bullmq';
import { openIntake, type IntakeEvent, stepIntake } from './intake.ts';
import type { JobSeal } from './job-seal.ts';
import { queueName } from './shards.ts';

/** Interval (ms) of the checks; longer than closing takes while Redis is available. */
const lookEveryMs = 2000;

/** Interval (ms) at which a worker that runs something measures the lag of its event loop. */
const sampleEveryMs = 100;

/** Takes runs from every shard of the queue. */
export interface Consumer {
  /** Starts to take runs. Rejects when Redis cannot be reached. */
  start(): Promise<void>;
  /**
   * Takes no more jobs; resolves when the running ones have finished. Has no time limit of its own, but resolves
   * without an unavailable Redis when nothing runs.
   */
  drain(): Promise<void>;
  /** Closes at once; the caller aborts the runs that are still active. */
  close(): Promise<void>;
}

export interface ConsumerNeeds {
  /**
   * Connection of the `writer` role, which the caller closes. For each shard, BullMQ opens another one like it for its
   * blocking read.
   */
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly shards: number;
  /** Maximum of parallel runs per shard in this process. */
  readonly concurrency: number;
  readonly seal: JobSeal;
  /** Runs a job and settles every outcome itself: an error that it throws is a bug, and is only logged. */
  readonly run: (job: ChatJob, queuedAt: number) => Promise<void>;
  /**
   * Called with a job that was not written by an ingress with this worker's secret; undefined if it is not a job of
   * Sluice.
   */
  readonly onForged: (job: ChatJob | undefined) => void;
  /** Called with times (ms) in which the intake was stopped because the event loop lags, with each sample. */
  readonly onIntakeStopped: (forMs: number) => void;
  readonly onError: (error: unknown) => void;
}

export function createConsumer({
  connection,
  keys,
  shards,
  concurrency,
  seal,
  run,
  onForged,
  onIntakeStopped,
  onError,
}: ConsumerNeeds): Consumer {
  let running = 0;
  async function process(job: Job): Promise<void> {
    const parsed = chatJobSchema.safeParse(job.data);
    if (!parsed.success || !seal.isGenuine(job.data)) return onForged(parsed.data);
    running++;
    intake.watch();
    try {
      await run(parsed.data, job.timestamp);
    } catch (error) {
      onError(error);
    } finally {
      running--;
      if (running === 0) intake.idle();
    }
  }

  const workers = Array.from({ length: shards }, (_, shard) => {
    const worker = new Worker(queueName, process, {
      connection,
      prefix: keys.queuePrefix(shard),
      autorun: false,
      concurrency,
      skipVersionCheck: true,
      // A crashed worker's jobs must leave the active list soon, but BullMQ never runs them again: only the ingress has
      // the record of what its client has received.
      lockDuration: 10_000,
      stalledInterval: 5000,
      maxStalledCount: 0,
      // Pause in ms of BullMQ's fetching after a connection error; the default is 15 s.
      runRetryDelay: 500,
      // In seconds; the blocking read must end before the socket timeout of the connection.
      drainDelay: 2,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    });
    worker.on('error', onError);
    return worker;
  });

  const intake = createIntake({ workers, onIntakeStopped, onError });

  return {
    async start() {
      await Promise.all(workers.map((worker) => worker.waitUntilReady()));
      for (const worker of workers) worker.run().catch(onError);
    },
    async drain() {
      intake.close();
      let isClosed = false;
      const closed = Promise.all(workers.map((worker) => worker.close().catch(onError))).then(() => (isClosed = true));
      do await Promise.race([closed, delay(lookEveryMs)]);
      while (!isClosed && running > 0);
    },
    async close() {
      intake.close();
      await Promise.allSettled(workers.map((worker) => worker.close(true)));
    },
  };
}

interface Intake {
  /** Measures the lag of the event loop from now on, until {@link idle} was called. Cheap while it is measured already. */
  watch(): void;
  /** Ends the measurement with the next sample, and opens the intake. */
  idle(): void;
  close(): void;
}

type IntakeNeeds = Pick<ConsumerNeeds, 'onIntakeStopped' | 'onError'> & { readonly workers: readonly Worker[] };

/**
 * Stops the intake while the event loop lags. BullMQ looks at a changed `concurrency` only when a job ends, but
 * takes jobs again at once after `resume`.
 */
function createIntake({ workers, onIntakeStopped, onError }: IntakeNeeds): Intake {
  let state = openIntake;
  let sampledAt = 0;
  let isBusy = false;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;

  function apply(event: IntakeEvent): void {
    const { state: next, command } = stepIntake(state, event);
    state = next;
    if (command === undefined) return;
    for (const worker of workers) (command === 'stop' ? worker.pause(true) : worker.resume()).catch(onError);
  }

  function sample(): void {
    const now = performance.now();
    const sinceMs = now - sampledAt;
    sampledAt = now;
    if (!isBusy) return stop();
    if (state.kind === 'stopped') onIntakeStopped(sinceMs);
    apply({ kind: 'sampled', lagMs: sinceMs - sampleEveryMs, sinceMs });
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  return {
    watch() {
      isBusy = true;
      if (timer !== undefined || isClosed) return;
      sampledAt = performance.now();
      timer = setInterval(sample, sampleEveryMs);
    },
    idle() {
      isBusy = false;
      // BullMQ overlooks a `resume` between the end of its loop and the next microtask.
      setImmediate(() => {
        if (!isClosed && !isBusy) apply({ kind: 'idle' });
      });
    },
    close() {
      isClosed = true;
      stop();
    },
  };
}
