import { type ChatJob, chatJobSchema, type Delivered } from '@sluice/protocol';
import type { Keys, RedisConnection } from '@sluice/redis';
import type { Queue } from 'bullmq';
import type { JobSeal } from './job-seal.ts';
import { whileAway } from './while-away.ts';
import { advanceScript, identifyScript, openScript, takeBackScript, withdrawScript } from './record.ts';
import { createShardServers } from './shard-servers.ts';
import { createShards, type JobCounts, queueName } from './shards.ts';

const withdrawForMs = 60_000;

/** Puts requests into the queue. Only the ingress uses it, and only the ingress decides on another run. */
export interface Submitter {
  /**
   * Stores the request and queues a run: the first one, or one of a request whose record Redis has lost.
   * `unknown`: this Redis is not the server that the command addressed, or the run has ended there, so a worker may
   * have claimed the run.
   * @throws the connection's error when Redis is away; the job may still have been added, and its claim decides
   */
  submit(request: Submission): Promise<'queued' | 'unknown'>;
  /** Queues a later run of a stored request. `gone`: its record and body are gone; `unknown`: as for `submit`. */
  resubmit(request: Pick<Submission, 'job' | 'delivered'>): Promise<'queued' | 'gone' | 'unknown'>;
  /** Finds the job of the latest run: still in the list, taken by a worker, or gone. */
  find(job: Pick<ChatJob, 'requestId' | 'epoch'>): Promise<'listed' | 'taken' | 'gone'>;
  /** Makes this epoch the latest, unless a worker may have claimed the previous one. Does not queue the run. */
  takeBack(job: Pick<ChatJob, 'requestId' | 'epoch'>): Promise<TakeBack>;
  /**
   * Checks whether the same servers still hold the shards. A server that was restarted, or took over from another, may
   * have lost the latest writes; then `onMoved` is called.
   */
  recheck(): Promise<void>;
  /**
   * Ends the request: cancels its queued runs. Returns true if a worker had claimed the latest run. Retries for a
   * minute while Redis is away: a job left behind would cause a useless provider call.
   */
  withdraw(request: Pick<ChatJob, 'requestId' | 'epoch'>): Promise<boolean>;
  /** Returns the number of jobs per state over all shards. */
  counts(): Promise<JobCounts>;
  /** Returns the same for each shard. */
  shardCounts(): Promise<readonly JobCounts[]>;
  close(): Promise<void>;
}

/** Result of taking back a run that no worker has reported on. */
export type TakeBack =
  /** No worker has claimed the run, and none can any more. */
  | { readonly kind: 'taken_back' }
  | { readonly kind: 'claimed'; readonly workerId: string }
  /** Redis has lost the record, or is not the server on which the run was queued. */
  | { readonly kind: 'unknown' };

export interface Submission {
  readonly job: ChatJob;
  /** Body as sent by the client. */
  readonly body: Buffer;
  /** Deadline, in ms since 1970 on the Redis clock. */
  readonly deadlineAt: number;
  /** Maximum time in ms for which the record is kept. */
  readonly ttlMs: number;
  /** The part of a broken answer that the client has; the run resumes from it. */
  readonly delivered?: Delivered | undefined;
}

export interface SubmitterNeeds {
  /** Connection of the `command` role. */
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly shards: number;
  readonly seal: JobSeal;
  /** Called when a different server holds a shard: it may have lost the claims of queued runs. */
  readonly onMoved: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Returns Sluice's own job id: BullMQ's counter restarts when Redis is emptied and would collide with jobs that still
 * run. Each epoch has its own id, since the job of the previous run may not be finished yet.
 */
const jobIdOf = ({ requestId, epoch }: Pick<ChatJob, 'requestId' | 'epoch'>): string => `${requestId}.${epoch}`;

const textOf = (delivered: Delivered | undefined): string => (delivered === undefined ? '' : JSON.stringify(delivered));

export function createSubmitter({ connection, keys, shards, seal, onMoved, onError }: SubmitterNeeds): Submitter {
  const { placeOf, counts: shardCounts, close } = createShards({ connection, keys, shards, onError });
  const servers = createShardServers({
    identify: (key) => identifyScript.run(connection, [key], []),
    keyIn: (shard) => keys.request(shard, 'any'),
    onMoved,
  });

  async function add(queue: Queue, job: ChatJob): Promise<void> {
    await queue.add(queueName, seal.sign(chatJobSchema.parse(job)), { jobId: jobIdOf(job) });
  }

  async function store({ job, body, deadlineAt, ttlMs, delivered }: Submission): Promise<'queued' | 'unknown'> {
    const { queue, shard, ...places } = placeOf(job.requestId);
    const server = await servers.of(shard, places.record);
    const keepMs = Math.ceil(ttlMs);
    // All on one connection and in this order: a worker cannot see the job before its body and record exist.
    const stored = connection.set(places.body, seal.closeBody(body, job.requestId), 'PX', keepMs);
    const opened = openScript.run(
      connection,
      [places.record],
      [Math.round(deadlineAt), keepMs, job.epoch, seal.closeDelivered(textOf(delivered), job), server],
    );
    const [, [kind, found]] = await Promise.all([stored, opened, add(queue, job)]);
    servers.learn(shard, found);
    return kind === 'queued' ? 'queued' : 'unknown';
  }

  return {
    submit: store,

    async resubmit({ job, delivered }) {
      const { queue, shard, record } = placeOf(job.requestId);
      const server = await servers.of(shard, record);
      const [kind, found] = await advanceScript.run(
        connection,
        [record],
        [job.epoch, seal.closeDelivered(textOf(delivered), job), server],
      );
      servers.learn(shard, found);
      if (kind === 'moved') return 'unknown';
      if (kind === 'queued') await add(queue, job);
      return kind;
    },

    async find(job) {
      const { queue } = placeOf(job.requestId);
      const [addedAt, takenAt] = await connection.hmget(queue.toKey(jobIdOf(job)), 'timestamp', 'processedOn');
      if (addedAt === null || addedAt === undefined) return 'gone';
      return takenAt === null || takenAt === undefined ? 'listed' : 'taken';
    },

    async takeBack({ requestId, epoch }) {
      const { shard, record } = placeOf(requestId);
      const [kind, claimant, found] = await takeBackScript.run(connection, [record], [epoch]);
      servers.learn(shard, found);
      return kind === 'claimed' ? { kind, workerId: claimant.split(' ')[0] ?? '' } : { kind };
    },

    recheck: servers.recheck,

    async withdraw(request) {
      const { queue, record, body } = placeOf(request.requestId);
      return await whileAway(withdrawForMs, async () => {
        const isClaimed = await withdrawScript.run(connection, [record, body], []);
        if (!isClaimed) await queue.remove(jobIdOf(request));
        return isClaimed;
      });
    },

    async counts() {
      const counts = await shardCounts();
      const sum = (state: keyof JobCounts): number => counts.reduce((total, shard) => total + shard[state], 0);
      return { waiting: sum('waiting'), active: sum('active') };
    },
    shardCounts,
    close,
  };
}
