import { createLostSettler } from '@sluice/admission';
import type { Keys, RedisConnection } from '@sluice/redis';
import { every } from './every.ts';
import type { Log } from './recorder-state.ts';

export interface SettleNeeds {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly log: Log;
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

const everyMs = 3000;

/**
 * Settles the requests of killed ingresses until the signal is aborted. Every recorder does, also while the database is away:
 * a killed ingress must not hold budgets until it is back.
 */
export function settleLost({ connection, keys, log, onError, signal }: SettleNeeds): Promise<void> {
  const settler = createLostSettler({ connection, keys, isRecorded: true });
  return every({
    everyMs,
    longestPauseMs: everyMs,
    onError,
    signal,
    async run() {
      const requests = await settler.settleAll();
      if (requests > 0) log('info', 'requests of a killed ingress are settled', { requests });
    },
  });
}
