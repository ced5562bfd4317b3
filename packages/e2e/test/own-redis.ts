import { connect, type RedisConnection } from '@sluice/redis';
import { afterFile, startRedis } from '@sluice/testkit';

/** Starts a Redis for one test file, with a connection to look into it. Both end with the file. */
export async function ownRedis(): Promise<{ readonly url: string; readonly redis: RedisConnection }> {
  const server = await startRedis();
  afterFile(() => server.stop());
  const redis = connect({
    settings: { kind: 'single', url: server.url },
    role: 'blocking',
    name: 'test',
    onError: () => undefined,
  });
  afterFile(() => redis.disconnect());
  return { url: server.url, redis };
}
