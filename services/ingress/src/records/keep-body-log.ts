import type { IngressConfig } from '@sluice/config';
import { bodyLimits, createOutboxWriter } from '@sluice/outbox';
import type { BodyEntry } from '@sluice/records';
import type { Keys, RedisConnection } from '@sluice/redis';
import { createTroubleLog, type IngressMetrics, type Logger } from '@sluice/telemetry';
import { type BodyLog, createBodyLog } from '../bodies/body-log.ts';
import { createBodySeal } from '../bodies/body-seal.ts';

export interface BodyLogOptions {
  readonly config: Pick<IngressConfig, 'database' | 'records' | 'secretKey'>;
  /** Connection of the `writer` role. */
  readonly connection: RedisConnection;
  readonly keys: Pick<Keys, 'bodies'>;
  readonly logger: Logger;
  readonly metrics: Pick<IngressMetrics, 'outboxShed'>;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Bytes of Redis's memory for bodies that the database does not have yet: a quarter of that of request logs. */
const streamBytes = 64 * 1024 * 1024;

/** Returns the way of bodies to the database; undefined if the records hold none. */
export function keepBodyLog(options: BodyLogOptions): BodyLog | undefined {
  const { config, connection, keys, logger, metrics, onError, now } = options;
  const { logBodies, maxBodyBytes } = config.records;
  if (!logBodies || config.database === undefined || config.secretKey === undefined) return undefined;
  metrics.outboxShed('bodies', 0);
  const onTrouble = createTroubleLog(logger, 'bodies are dropped before the database has them', now);
  function shed(count: number, reason: string): void {
    metrics.outboxShed('bodies', count);
    onTrouble(reason);
  }
  const outbox = createOutboxWriter<BodyEntry>({
    connection,
    key: keys.bodies,
    limits: bodyLimits(streamBytes),
    onShed: (count, where) =>
      shed(count, where === 'here' ? `${count} bodies in this process` : `${count} batches in Redis`),
    onError,
    now,
  });
  return createBodyLog({
    maxBytes: maxBodyBytes,
    seal: createBodySeal(config.secretKey.reveal()),
    outbox,
    onShed: () => shed(1, 'their copies would take more than their part of server.body_budget_bytes'),
    onError: createTroubleLog(logger, 'a body could not be kept', now),
  });
}
