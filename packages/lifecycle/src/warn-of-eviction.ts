import type { Logger } from '@sluice/telemetry';

interface Informed {
  info(section: string): Promise<string>;
}

/**
 * Logs an error when a full Redis would throw keys away: all keys have a time to live, so any policy but `noeviction`
 * costs queued requests. Says nothing where Redis does not tell its policy.
 */
export async function warnOfEviction(redis: Informed, logger: Pick<Logger, 'error'>): Promise<void> {
  const info = await redis.info('memory').catch(() => '');
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy === undefined || policy === 'noeviction') return;
  logger.error(
    { maxmemory_policy: policy },
    'when its memory is full, this redis throws away queued requests: set maxmemory-policy to noeviction',
  );
}
