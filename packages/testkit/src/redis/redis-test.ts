import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { inject, test } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the Redis that the projects `redis` and `e2e` share. */
    readonly redisUrl: string;
  }
}

/**
 * Vitest's `test` for the projects `redis` and `e2e`, with
 * - `redisUrl`: URL of the Redis that all tests of the run share. Use all of it: it may hold a password or a database;
 * - `redis`: a connection to it, closed after the test;
 * - `keyPrefix`: a prefix that no other test uses, `t-<random>`. After the test every key that begins with it is deleted.
 */
export const redisTest = test
  .extend('redisUrl', providedUrl)
  .extend('redis', async ({ redisUrl }, { onCleanup }) => {
    const redis = new Redis(redisUrl, { lazyConnect: true });
    onCleanup(() => redis.disconnect());
    await redis.connect();
    return redis;
  })
  .extend('keyPrefix', ({ redisUrl }, { onCleanup }) => {
    const prefix = `t-${randomBytes(6).toString('hex')}`;
    onCleanup(() => deleteKeys(redisUrl, prefix));
    return prefix;
  });

/** Throws without a URL, because ioredis would then connect to a developer's Redis on port 6379. */
function providedUrl(): string {
  const url = inject('redisUrl') as string | undefined;
  if (url === undefined) throw new Error('A test that uses Redis belongs in a *.redis.test.ts or *.e2e.test.ts file.');
  return url;
}

/** Deletes keys on a new connection, since the test may have broken its own. */
async function deleteKeys(redisUrl: string, prefix: string): Promise<void> {
  const redis = new Redis(redisUrl);
  try {
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1000 })) {
      if (keys.length > 0) await redis.unlink(keys);
    }
  } finally {
    redis.disconnect();
  }
}
