import type { RedisConfig, RedisTls } from '../config.ts';
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

const readFiles = (tls: RedisTls | undefined, setting: string): RedisTls | undefined =>
  typeof tls === 'object' ? { ...tls, ...readTlsFiles(tls, setting) } : tls;
