import { setTimeout as delay } from 'node:timers/promises';
import { type ChatJob, chatJobSchema } from '@sluice/protocol';
import type { Keys, RedisConnection } from '@sluice/redis';
import { type Job, Worker } from 'bullmq';
import type { JobSeal } from './job-seal.ts';
import { queueName } from './shards.ts';

/** Interval (ms) of the checks; longer than closing takes while Redis is available. */
const lookEveryMs = 2000;

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
  onError,
}: ConsumerNeeds): Consumer {
  let running = 0;
  async function process(job: Job): Promise<void> {
    const parsed = chatJobSchema.safeParse(job.data);
    if (!parsed.success || !seal.isGenuine(job.data)) return onForged(parsed.data);
    running++;
    try {
      await run(parsed.data, job.timestamp);
    } catch (error) {
      onError(error);
    } finally {
      running--;
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

  return {
    async start() {
      await Promise.all(workers.map((worker) => worker.waitUntilReady()));
      for (const worker of workers) worker.run().catch(onError);
    },
    async drain() {
      let isClosed = false;
      const closed = Promise.all(workers.map((worker) => worker.close().catch(onError))).then(() => (isClosed = true));
      do await Promise.race([closed, delay(lookEveryMs)]);
      while (!isClosed && running > 0);
    },
    async close() {
      await Promise.allSettled(workers.map((worker) => worker.close(true)));
    },
  };
}
