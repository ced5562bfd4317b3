import { setTimeout as delay } from 'node:timers/promises';
import { type ChatJob, chatJobSchema } from '@sluice/protocol';
import type { Keys, RedisConnection } from '@sluice/redis';
import { type Job, Worker } from 'bullmq';
import type { JobSeal } from './job-seal.ts';
import { queueName } from './submitter.ts';

/** Longer than closing takes when Redis is there. */
const lookEveryMs = 2000;

/** Takes runs out of every shard of the queue. */
export interface Consumer {
  /** Rejects when Redis cannot be reached. */
  start(): Promise<void>;
  /**
   * Takes no more jobs; resolves when the running ones are finished. Has no time limit of its own, but does not wait
   * for a Redis that is away either when nothing runs.
   */
  drain(): Promise<void>;
  /** Leaves at once. What still runs is the caller's to abort. */
  close(): Promise<void>;
}

export interface ConsumerNeeds {
  /** Opens a connection of the `blocking` role; BullMQ doubles it for its blocking read. */
  readonly connect: () => RedisConnection;
  readonly keys: Keys;
  readonly shards: number;
  /** Runs at once per shard in this process. */
  readonly concurrency: number;
  readonly seal: JobSeal;
  /** Must settle every outcome itself: what it throws is a fault of ours and only logged. */
  readonly run: (job: ChatJob, queuedAt: number) => Promise<void>;
  /**
   * Called with a job that no ingress with this worker's secret has written; undefined if it is no job of Sluice at
   * all.
   */
  readonly onForged: (job: ChatJob | undefined) => void;
  readonly onError: (error: unknown) => void;
}

export function createConsumer({
  connect,
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

  const connections: RedisConnection[] = [];
  const workers = Array.from({ length: shards }, (_, shard) => {
    const connection = connect();
    connections.push(connection);
    const worker = new Worker(queueName, process, {
      connection,
      prefix: keys.queuePrefix(shard),
      autorun: false,
      concurrency,
      skipVersionCheck: true,
      // A crashed worker's jobs must leave the active list soon, but are never run again by BullMQ: only the ingress
      // knows what its client has already received.
      lockDuration: 10_000,
      stalledInterval: 5000,
      maxStalledCount: 0,
      // After a connection error a slot sleeps this long; the default is 15 s.
      runRetryDelay: 500,
      // Seconds; the blocking read must end before the connection's socket time-out.
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
      for (const connection of connections) connection.disconnect();
    },
  };
}
