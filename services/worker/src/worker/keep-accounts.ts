import { type Config, compileGlob } from '@sluice/config';
import {
  createOpenEntries,
  createOutboxWriter,
  ledgerLimits,
  type OpenEntries,
  type OutboxWriter,
} from '@sluice/outbox';
import { createPricing, type Pricing } from '@sluice/prices';
import type { AttemptEntry } from '@sluice/records';
import type { Keys, RedisConnection } from '@sluice/redis';
import { createTroubleLog, type Logger, type WorkerMetrics } from '@sluice/telemetry';
import type { AccountNeeds } from '../attempt/account.ts';
import { createPromptScale } from '../attempt/prompt-scale.ts';

/** Prices the calls of a worker, and keeps their ledger entries if there is a database. */
export interface Accounts extends Omit<AccountNeeds, 'metrics'> {
  readonly pricing: Pricing;
  readonly attempts: OutboxWriter<AttemptEntry> | undefined;
  readonly openAttempts: OpenEntries | undefined;
}

export interface AccountsNeeds {
  readonly config: Pick<Config, 'database' | 'prices'>;
  readonly workerId: string;
  /** Connection of the `writer` role. */
  readonly connection: RedisConnection;
  readonly keys: Pick<Keys, 'attempts' | 'openAttempts' | 'openAttemptWorkers'>;
  readonly logger: Logger;
  readonly metrics: Pick<WorkerMetrics, 'outboxShed' | 'unpriced'>;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export function keepAccounts(needs: AccountsNeeds): Accounts {
  const { config, workerId, connection, keys, logger, metrics, onError, now } = needs;
  if (config.database !== undefined) metrics.outboxShed('attempts', 0);
  const onCostDiffers = createTroubleLog(logger, 'a provider reports another cost than the price table gives', now);
  const pricing = createPricing({
    ...config.prices,
    compileGlob,
    onUnknown({ upstream, model }, isFirst) {
      metrics.unpriced(upstream);
      if (isFirst) logger.warn({ upstream, model }, 'no price is known for a model');
    },
  });
  return {
    pricing,
    promptScale: createPromptScale(),
    onCostDiffers({ upstream, model, costMicros, providerCostMicros }) {
      // In whole percent: the log joins equal messages.
      const percent = Math.round((100 * costMicros) / Math.max(1, providerCostMicros));
      onCostDiffers(`${upstream}/${model}: ours is ${percent} % of theirs`);
    },
    attempts:
      config.database === undefined
        ? undefined
        : createOutboxWriter<AttemptEntry>({
            connection,
            key: keys.attempts,
            limits: ledgerLimits,
            onShed(count) {
              metrics.outboxShed('attempts', count);
              logger.error({ count }, 'ledger entries of attempts are lost: Redis was away for too long');
            },
            onError,
            now,
          }),
    openAttempts:
      config.database === undefined
        ? undefined
        : createOpenEntries({
            connection,
            processId: workerId,
            openKey: keys.openAttempts(workerId),
            processesKey: keys.openAttemptWorkers,
            onError,
          }),
  };
}
