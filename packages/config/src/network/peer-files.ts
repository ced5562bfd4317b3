import type { DatabaseConfig, PeerTls, RedisConfig } from '../config.ts';
import { readTlsFiles } from './tls-files.ts';

/**
 * Replaces the paths of PEM files by their texts.
 *
 * @throws ConfigError that names each file that can't be used
 */
export function readRedisFiles(redis: RedisConfig): RedisConfig {
  const tls = readFiles(redis.tls, 'redis.tls');
  if (redis.kind !== 'sentinel') return { ...redis, tls };
  return { ...redis, tls, sentinelTls: readFiles(redis.sentinelTls, 'redis.sentinel.tls') };
}

/**
 * Replaces the paths of PEM files by their texts.
 *
 * @throws ConfigError that names each file that can't be used
 */
export const readDatabaseFiles = (database: DatabaseConfig): DatabaseConfig => ({
  ...database,
  tls: readFiles(database.tls, 'database.tls'),
});

const readFiles = (tls: PeerTls | undefined, setting: string): PeerTls | undefined =>
  typeof tls === 'object' ? { ...tls, ...readTlsFiles(tls, setting) } : tls;
