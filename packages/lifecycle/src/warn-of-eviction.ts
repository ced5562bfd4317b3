import type { Logger } from '@sluice/telemetry';

interface Informed {
  info(section: string): Promise<string>;
}

/**
 * Logs an error if a full Redis would evict keys: all keys have a TTL, so any policy except `noeviction` costs queued
 * requests. Logs nothing if Redis does not report its policy.
 */
export async function warnOfEviction(redis: Informed, logger: Pick<Logger, 'error'>): Promise<void> {
  const info = await redis.info('memory').catch(() => '');
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy === undefined || policy === 'noeviction') return;
  logger.error(
    { maxmemory_policy: policy },
    'Redis evicts queued requests when its memory is full: set maxmemory-policy to noeviction',
  );
}
