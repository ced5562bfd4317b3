import { createOutboxReader } from '@sluice/outbox';
import type { Keys, RedisConnection } from '@sluice/redis';
import { z } from 'zod';
import { every } from './every.ts';
import { type StreamLag, type StreamName, streamNames } from './recorder-state.ts';

export interface LagNeeds {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly signal: AbortSignal;
}

/** Lags of the outboxes, known last. */
interface Lags {
  /** Empty while Redis is away. */
  readonly lag: Readonly<Partial<Record<StreamName, StreamLag>>>;
  readonly ended: Promise<void>;
}

const everyMs = 1000;

/** Reads the lags of the outboxes, in every recorder: also while none of the fleet writes. */
export function watchLag({ connection, keys, signal }: LagNeeds): Lags {
  let lag: Lags['lag'] = {};
  const readers = streamNames.map((name) => {
    const reader = createOutboxReader({ connection, key: keys[name], schema: z.unknown(), onBroken: () => undefined });
    return { name, reader };
  });
  const ended = every({
    signal,
    everyMs,
    longestPauseMs: everyMs,
    onError: () => void (lag = {}),
    async run() {
      const lags = await Promise.all(
        readers.map(async ({ name, reader }): Promise<[StreamName, StreamLag]> => {
          const { length, oldestAgeMs } = await reader.lag();
          return [name, { batches: length, oldestAgeMs }];
        }),
      );
      lag = Object.fromEntries(lags);
    },
  });
  return {
    get lag() {
      return lag;
    },
    ended,
  };
}
