import { Queue } from 'bullmq';
import type { Keys, RedisConnection } from '@sluice/redis';
import { recordOf } from './record.ts';

/** Name of BullMQ's queue within each shard's prefix. */
export const queueName = 'chat';

/** The shards of the queue, as used by a submitter. */
export interface Shards {
  placeOf(requestId: string): Place;
  /** Returns the number of jobs per state of each shard. */
  counts(): Promise<readonly JobCounts[]>;
  close(): Promise<void>;
}

/** Numbers of jobs. */
export interface JobCounts {
  readonly waiting: number;
  readonly active: number;
}

/** The place of a request: its shard and its keys. */
export interface Place {
  readonly queue: Queue;
  readonly shard: number;
  readonly record: string;
  readonly body: string;
}

export interface ShardsNeeds {
  /** Connection of the `command` role. */
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly shards: number;
  readonly onError: (error: unknown) => void;
}

export function createShards({ connection, keys, shards, onError }: ShardsNeeds): Shards {
  const queues = Array.from({ length: shards }, (_, shard) => {
    const queue = new Queue(queueName, {
      connection,
      prefix: keys.queuePrefix(shard),
      skipVersionCheck: true,
      // These events have no reader; the default keeps 10,000.
      streams: { events: { maxLen: 100 } },
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
    });
    queue.on('error', onError);
    return queue;
  });

  return {
    placeOf(requestId) {
      const places = recordOf({ keys, shards }, requestId);
      const queue = queues[places.shard];
      if (queue === undefined) throw new Error(`queue shard ${places.shard} does not exist`);
      return { queue, ...places };
    },
    async counts() {
      const perShard = await Promise.all(queues.map((queue) => queue.getJobCounts('waiting', 'active')));
      return perShard.map(({ waiting = 0, active = 0 }) => ({ waiting, active }));
    },
    async close() {
      await Promise.all(queues.map((queue) => queue.close()));
    },
  };
}
