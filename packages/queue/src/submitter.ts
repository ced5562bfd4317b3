import { type ChatJob, chatJobSchema, type Delivered } from '@sluice/protocol';
import type { Keys, RedisConnection } from '@sluice/redis';
import { Queue } from 'bullmq';
import type { JobSeal } from './job-seal.ts';
import { whileAway } from './while-away.ts';
import { advanceScript, identifyScript, openScript, recordOf, takeBackScript, withdrawScript } from './record.ts';

/** The name of BullMQ's queue within each shard's prefix. */
export const queueName = 'chat';

const withdrawForMs = 60_000;

/** Puts requests into the queue. The ingress alone does this, and alone decides on another run. */
export interface Submitter {
  /**
   * Stores the request and queues a run of it: the first one, or one of a request whose record Redis has lost.
   * `unknown`: this Redis is not the one that the command was meant for, or the run has ended there: it may have been
   * claimed.
   * @throws the connection's error when Redis is away; the job may still have been added, which its worker finds out
   */
  submit(request: Submission): Promise<'queued' | 'unknown'>;
  /** Queues a later run of a stored request. `gone` when its record is, and with it the body; `unknown` as for `submit`. */
  resubmit(request: Pick<Submission, 'job' | 'delivered'>): Promise<'queued' | 'gone' | 'unknown'>;
  /** Finds the job of the latest run: still in the list, taken by a worker, or nowhere. */
  find(job: Pick<ChatJob, 'requestId' | 'epoch'>): Promise<'listed' | 'taken' | 'gone'>;
  /** Makes this epoch the latest one, unless a worker may have the one before it. The run is yet to be queued. */
  takeBack(job: Pick<ChatJob, 'requestId' | 'epoch'>): Promise<TakeBack>;
  /**
   * Looks whether the servers that hold the shards are still the same. One that was restarted, or took over from
   * another, may have lost the latest writes: then `onMoved` is called.
   */
  recheck(): Promise<void>;
  /**
   * The request is over: whatever is still queued for it will not run. True when a worker had begun the latest run.
   * Tried again while Redis is away, for a minute: a job that stays behind would call its upstream in vain.
   */
  withdraw(request: Pick<ChatJob, 'requestId' | 'epoch'>): Promise<boolean>;
  /** Jobs per state over all shards. */
  counts(): Promise<{ readonly waiting: number; readonly active: number }>;
  close(): Promise<void>;
}

/** Result of taking back a run of which no worker has reported. */
export type TakeBack =
  /** No worker has it, and none can get it any more. */
  | { readonly kind: 'taken_back' }
  | { readonly kind: 'claimed'; readonly workerId: string }
  /** Redis can't say: it has lost the record, or it is not the server on which the run was queued. */
  | { readonly kind: 'unknown' };

export interface Submission {
  readonly job: ChatJob;
  /** The body that the client sent. */
  readonly body: Buffer;
  /** ms since 1970 on the Redis clock. */
  readonly deadlineAt: number;
  /** Maximum time that the record is kept, in ms. */
  readonly ttlMs: number;
  /** The part that the client has of an answer that broke off, for the run to go on from. */
  readonly delivered?: Delivered | undefined;
}

export interface SubmitterNeeds {
  /** Of the `command` role. */
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly shards: number;
  readonly seal: JobSeal;
  /** Called when another server holds a shard than before: it may have lost the claims of queued runs. */
  readonly onMoved: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Ours, not BullMQ's: its counter restarts with an emptied Redis and would collide with jobs that still run. An epoch
 * has its own, since the job of the run before it may not be finished yet.
 */
const jobIdOf = ({ requestId, epoch }: Pick<ChatJob, 'requestId' | 'epoch'>): string => `${requestId}.${epoch}`;

const textOf = (delivered: Delivered | undefined): string => (delivered === undefined ? '' : JSON.stringify(delivered));

export function createSubmitter({ connection, keys, shards, seal, onMoved, onError }: SubmitterNeeds): Submitter {
  const queues = Array.from({ length: shards }, (_, shard) => {
    const queue = new Queue(queueName, {
      connection,
      prefix: keys.queuePrefix(shard),
      skipVersionCheck: true,
      // No process reads these events; the default keeps 10,000.
      streams: { events: { maxLen: 100 } },
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
    });
    queue.on('error', onError);
    return queue;
  });

  /** Ids of the servers that hold the shards. */
  const servers = new Map<number, string>();

  function placeOf(requestId: string): { queue: Queue; shard: number; record: string; body: string } {
    const places = recordOf({ keys, shards }, requestId);
    const queue = queues[places.shard];
    if (queue === undefined) throw new Error(`there is no queue shard ${places.shard}`);
    return { queue, ...places };
  }

  /** The server that a command is meant for: as known before it is sent, since it may be sent twice. */
  async function serverOf(shard: number, record: string): Promise<string> {
    const known = servers.get(shard);
    if (known !== undefined) return known;
    const server = await identifyScript.run(connection, [record], []);
    if (!servers.has(shard)) servers.set(shard, server);
    return server;
  }

  function learn(shard: number, server: string): void {
    const before = servers.get(shard);
    servers.set(shard, server);
    if (before !== undefined && before !== server) onMoved();
  }

  async function add(queue: Queue, job: ChatJob): Promise<void> {
    await queue.add(queueName, seal.sign(chatJobSchema.parse(job)), { jobId: jobIdOf(job) });
  }

  async function store({ job, body, deadlineAt, ttlMs, delivered }: Submission): Promise<'queued' | 'unknown'> {
    const { queue, shard, ...places } = placeOf(job.requestId);
    const server = await serverOf(shard, places.record);
    const keepMs = Math.ceil(ttlMs);
    // On one connection and in this order: a worker can't see the job before its body and record are there.
    const stored = connection.set(places.body, seal.closeBody(body, job.requestId), 'PX', keepMs);
    const opened = openScript.run(
      connection,
      [places.record],
      [Math.round(deadlineAt), keepMs, job.epoch, seal.closeDelivered(textOf(delivered), job), server],
    );
    const [, [kind, found]] = await Promise.all([stored, opened, add(queue, job)]);
    learn(shard, found);
    return kind === 'queued' ? 'queued' : 'unknown';
  }

  return {
    submit: store,

    async resubmit({ job, delivered }) {
      const { queue, shard, record } = placeOf(job.requestId);
      const server = await serverOf(shard, record);
      const [kind, found] = await advanceScript.run(
        connection,
        [record],
        [job.epoch, seal.closeDelivered(textOf(delivered), job), server],
      );
      learn(shard, found);
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
      learn(shard, found);
      return kind === 'claimed' ? { kind, workerId: claimant.split(' ')[0] ?? '' } : { kind };
    },

    async recheck() {
      const identify = (shard: number): Promise<string> =>
        identifyScript.run(connection, [keys.request(shard, 'any')], []);
      await Promise.all([...servers.keys()].map(async (shard) => learn(shard, await identify(shard))));
    },

    async withdraw(request) {
      const { queue, record, body } = placeOf(request.requestId);
      return await whileAway(withdrawForMs, async () => {
        const isClaimed = await withdrawScript.run(connection, [record, body], []);
        if (!isClaimed) await queue.remove(jobIdOf(request));
        return isClaimed;
      });
    },

    async counts() {
      const perShard = await Promise.all(queues.map((queue) => queue.getJobCounts('waiting', 'active')));
      const sum = (state: string): number => perShard.reduce((total, counts) => total + (counts[state] ?? 0), 0);
      return { waiting: sum('waiting'), active: sum('active') };
    },

    async close() {
      await Promise.all(queues.map((queue) => queue.close()));
    },
  };
}
