import { createSpends } from '@sluice/admission';
import type { Keys, RedisConnection } from '@sluice/redis';
import { readSpend, type Store } from '@sluice/store';
import { every } from './every.ts';

export interface SeedNeeds {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly store: Store;
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Redis may lose its data without a broken connection: it was flushed. */
const everyMs = 600_000;
const checkEveryMs = 1000;
const longestPauseMs = 10_000;

/**
 * Gives admission the sums of what keys and teams have spent, at the start and whenever Redis is there again: it may have
 * lost its own, and budgets would begin at zero.
 */
export async function seedSpends({ connection, keys, store, onError, signal }: SeedNeeds): Promise<void> {
  const spends = createSpends({ connection, keys });
  let dueAt = 0;
  const onReady = (): void => void (dueAt = 0);
  connection.on('ready', onReady);
  await every({
    everyMs: checkEveryMs,
    longestPauseMs,
    onError,
    signal,
    async run() {
      if (performance.now() < dueAt) return;
      const at = Date.now();
      for (const scope of ['key', 'team'] as const) {
        for (const { id, ...sums } of await readSpend(store.db, { scope, at })) {
          await spends.seed({ scope, id }, at, sums);
        }
      }
      dueAt = performance.now() + everyMs;
    },
  });
  connection.off('ready', onReady);
}
