import type { TestProject } from 'vitest/node';
import { findRedis, type FoundRedis } from './redis/find-redis.ts';

/** State shared by the projects of one run. Vitest loads this module once for each, so the module can't hold it. */
interface Shared {
  readonly found: Promise<FoundRedis>;
  users: number;
}

const sharedKey = Symbol.for('sluice.testkit.redis');
const registry = globalThis as { [sharedKey]?: Shared };

/** Vitest's global set-up of the projects `redis` and `e2e`: provides one Redis for the whole run as `redisUrl`. */
export async function setup(project: TestProject): Promise<void> {
  const shared = (registry[sharedKey] ??= { found: findAndTell(), users: 0 });
  shared.users += 1;
  project.provide('redisUrl', (await shared.found).url);
}

/** Ends the Redis after the last project, if it was started for this run. */
export async function teardown(): Promise<void> {
  const shared = registry[sharedKey];
  if (shared === undefined) return;
  shared.users -= 1;
  if (shared.users > 0) return;
  delete registry[sharedKey];
  // `setup` has reported a Redis that was not found.
  const found = await shared.found.catch(() => undefined);
  await found?.stop();
}

async function findAndTell(): Promise<FoundRedis> {
  const found = await findRedis({
    redisUrl: process.env['REDIS_URL'],
    warn: (line) => console.warn(`Redis for tests: ${line}`),
  });
  console.log(`Redis for tests: ${found.description}`);
  return found;
}
