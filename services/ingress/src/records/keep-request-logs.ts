import type { IngressConfig } from '@sluice/config';
import { createOutboxWriter, logLimits, type OutboxWriter } from '@sluice/outbox';
import type { RequestLog } from '@sluice/records';
import type { Keys, RedisConnection } from '@sluice/redis';
import { createTroubleLog, type IngressMetrics, type Logger } from '@sluice/telemetry';

export interface RequestLogsNeeds {
  readonly config: Pick<IngressConfig, 'database'>;
  /** Connection of the `writer` role. */
  readonly connection: RedisConnection;
  readonly keys: Pick<Keys, 'logs'>;
  readonly logger: Logger;
  readonly metrics: Pick<IngressMetrics, 'outboxShed'>;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Bytes of Redis's memory for request logs that the database does not have yet. */
const streamBytes = 256 * 1024 * 1024;

/** Returns the way of request logs to the database; undefined if there is none, so that nothing is written. */
export function keepRequestLogs(needs: RequestLogsNeeds): OutboxWriter<RequestLog> | undefined {
  const { config, connection, keys, logger, metrics, onError, now } = needs;
  if (config.database === undefined) return undefined;
  metrics.outboxShed('logs', 0);
  const onShed = createTroubleLog(logger, 'request logs are dropped before the database has them', now);
  return createOutboxWriter<RequestLog>({
    connection,
    key: keys.logs,
    limits: logLimits(streamBytes),
    onShed(count, where) {
      metrics.outboxShed('logs', count);
      onShed(where === 'here' ? `${count} logs in this process` : `${count} batches in Redis`);
    },
    onError,
    now,
  });
}
