import { Redis } from 'ioredis';

/**
 * Sends one PING to the Redis at a URL on its own connection and waits about two seconds for the answer.
 * @throws Error with the reason when no answer came.
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
