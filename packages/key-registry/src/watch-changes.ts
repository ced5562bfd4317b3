import { setTimeout as pause } from 'node:timers/promises';
import { isRedisUnavailable, longestBlockMs, type RedisConnection } from '@sluice/redis';
import { z } from 'zod';

export interface WatchNeeds {
  /** Connection of the `blocking` role, for nothing else; it is closed at the end. */
  readonly connection: RedisConnection;
  /** Name of the stream that gets an entry with each change. */
  readonly key: string;
  /** Called after one or more changes; the next call waits until it has resolved. Must not reject. */
  readonly onChange: () => Promise<void>;
  /** Called with trouble other than the absence of Redis. */
  readonly onError: (error: unknown) => void;
}

const retryDelayMs = 100;

const replySchema = z.tuple([z.tuple([z.string(), z.array(z.tuple([z.string(), z.unknown()]))])]).nullable();

/**
 * Waits for changes of the registry, and reports them within milliseconds. It may miss one: while it reads from a server
 * that has become a replica, or if Redis has lost its data. So the registry polls beside it.
 * @returns what ends it
 */
export function watchChanges({ connection, key, onChange, onError }: WatchNeeds): () => void {
  let isClosed = false;
  let lastId = '0';

  async function readNext(): Promise<void> {
    const reply = replySchema.parse(await connection.xread('BLOCK', longestBlockMs, 'STREAMS', key, lastId));
    const [id] = reply?.[0][1].at(-1) ?? [];
    if (id === undefined || isClosed) return;
    lastId = id;
    await onChange();
  }

  async function watch(): Promise<void> {
    while (!isClosed) {
      try {
        await readNext();
      } catch (error) {
        if (isClosed) return;
        if (!isRedisUnavailable(error)) onError(error);
        // A Redis that has lost its data may count from the beginning.
        lastId = '0';
        await pause(retryDelayMs);
      }
    }
  }

  void watch();
  return () => {
    isClosed = true;
    connection.disconnect();
  };
}
