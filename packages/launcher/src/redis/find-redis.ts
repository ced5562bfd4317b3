import { LaunchError } from '../bare/launch-error.mjs';
import type { RedisOffer, RedisSource } from './source.ts';
import { oldestVersion } from './version.ts';

/**
 * Returns the first source that works.
 *
 * @throws LaunchError naming every reason and every choice when none does
 */
export async function findRedis(sources: readonly RedisSource[]): Promise<RedisOffer> {
  const reasons: string[] = [];
  for (const source of sources) {
    const found = await source.find();
    if ('start' in found) return found;
    reasons.push(found.reason);
  }
  throw new LaunchError(noRedis(reasons));
}

function noRedis(reasons: readonly string[]): string {
  return [
    `Sluice needs Redis or Valkey, compatible with Redis ${oldestVersion} or newer, and found none:`,
    ...reasons.map((reason) => `  - ${reason}`),
    '',
    'Any one of these will do:',
    '  - set REDIS_URL=redis://[user:password@]host:port to a server that runs',
    '  - install redis-server or valkey-server, so that it is on PATH',
    '  - start a Docker engine that this user may use (`docker info` must work)',
    '  - run this as root or with password-less sudo, so that the package manager can install redis-server',
  ].join('\n');
}
