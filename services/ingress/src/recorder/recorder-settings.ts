import { databaseConnection, type DatabaseConnection, type IngressConfig, readRedisFiles } from '@sluice/config';
import type { RedisSettings } from '@sluice/redis';
import type { Retention } from '@sluice/store';

type RedisConfig = IngressConfig['redis'];

/** Settings of the recorder's thread: data that can be sent to it. */
export interface RecorderSettings {
  /** Redis without its passwords, which a secret does not give away when it is sent. */
  readonly redis: RedisConfig;
  readonly redisPassword: string | undefined;
  readonly sentinelPassword: string | undefined;
  readonly keyPrefix: string;
  readonly database: DatabaseAccess;
  readonly retention: Retention;
}

export interface DatabaseAccess {
  readonly url: string;
  readonly ssl: DatabaseConnection['ssl'];
  readonly statementTimeoutMs: number;
  readonly connectTimeoutMs: number;
}

/** Returns the settings of the recorder; undefined without a database. */
export function recorderSettings(
  config: Pick<IngressConfig, 'redis' | 'database' | 'records'>,
): RecorderSettings | undefined {
  if (config.database === undefined) return undefined;
  const { retentionDays, bodyRetentionDays, ledgerRetentionMonths } = config.records;
  const redis = readRedisFiles(config.redis);
  return {
    redis: withoutSecrets(redis),
    redisPassword: redis.password?.reveal(),
    sentinelPassword: redis.kind === 'sentinel' ? redis.sentinelPassword?.reveal() : undefined,
    keyPrefix: redis.keyPrefix,
    database: databaseAccess(config.database),
    retention: { logDays: retentionDays, bodyDays: bodyRetentionDays, ledgerMonths: ledgerRetentionMonths },
  };
}

/** Returns the settings of connections to the database. */
export function databaseAccess(database: NonNullable<IngressConfig['database']>): DatabaseAccess {
  const { connectionString, ssl, connectionTimeoutMillis } = databaseConnection(database);
  return {
    url: connectionString,
    ssl,
    statementTimeoutMs: database.statementTimeoutMs,
    connectTimeoutMs: connectionTimeoutMillis,
  };
}

/** Returns the settings of a connection to Redis as they were before they were sent. */
export function redisSettings({ redis, redisPassword, sentinelPassword }: RecorderSettings): RedisSettings {
  const password = redisPassword === undefined ? undefined : { reveal: () => redisPassword };
  if (redis.kind !== 'sentinel') return { ...redis, password };
  const ofSentinels = sentinelPassword === undefined ? undefined : { reveal: () => sentinelPassword };
  return { ...redis, password, sentinelPassword: ofSentinels };
}

function withoutSecrets(redis: RedisConfig): RedisConfig {
  const bare = { ...redis, password: undefined };
  return bare.kind === 'sentinel' ? { ...bare, sentinelPassword: undefined } : bare;
}
