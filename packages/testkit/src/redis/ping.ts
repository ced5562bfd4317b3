import { Redis } from 'ioredis';

/**
 * Asks the Redis at a URL for one PONG on a connection of its own, within about two seconds.
 * @throws Error saying why there was none.
 */
export async function ping(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 2000,
    commandTimeout: 2000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let connectionError: Error | undefined;
  redis.on('error', (error) => {
    connectionError = error;
  });
  try {
    await redis.ping();
  } catch (error) {
    // The command's own error only says that the connection is closed.
    throw connectionError ?? error;
  } finally {
    redis.disconnect();
  }
}
