import { Redis } from 'ioredis';
import { untilReady, type Awaited } from '../until-ready.ts';
import { parseInfoVersion, type ServerVersion } from './version.ts';

/** Version and eviction policy of a Redis, as it reports them. */
export interface RedisFacts {
  readonly version?: ServerVersion;
  /** `maxmemory-policy`; absent where the server doesn't let us read its configuration. */
  readonly evictionPolicy?: string;
}

/**
 * Connects to the Redis at a URL and reads its version and its eviction policy.
 *
 * @throws Error with the reason when it has not answered PING within `timeoutMs`
 */
export async function inspectRedis(url: string, timeoutMs: number): Promise<RedisFacts> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    enableReadyCheck: false,
  });
  // Errors show in the commands; without a listener, ioredis would print them.
  let connectionError: Error | undefined;
  redis.on('error', (error: Error) => {
    connectionError = error;
  });
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([ask(redis), late]);
  } catch (error) {
    throw connectionError ?? error;
  } finally {
    clearTimeout(timer);
    redis.disconnect();
  }
}

const pollTimeoutMs = 1000;
/** Long, because Redis may load a large append-only file. */
const readyTimeoutMs = 60_000;

/**
 * Waits until a Redis that was just started answers.
 *
 * @throws LaunchError and Interrupted as `untilReady` does
 */
export async function untilRedisAnswers({
  url,
  ...rest
}: Omit<Awaited, 'subject' | 'isReady' | 'timeoutMs'> & { readonly url: string }): Promise<void> {
  const isReady = (): Promise<boolean> =>
    inspectRedis(url, pollTimeoutMs).then(
      () => true,
      () => false,
    );
  await untilReady({ ...rest, subject: 'Redis', isReady, timeoutMs: readyTimeoutMs });
}

async function ask(redis: Redis): Promise<RedisFacts> {
  await redis.connect();
  await redis.ping();
  const version = parseInfoVersion(await redis.info('server').catch(() => ''));
  const evictionPolicy = await readEvictionPolicy(redis);
  return {
    ...(version === undefined ? {} : { version }),
    ...(evictionPolicy === undefined ? {} : { evictionPolicy }),
  };
}

/** Returns undefined when CONFIG is forbidden, as managed services often do: Sluice starts all the same. */
async function readEvictionPolicy(redis: Redis): Promise<string | undefined> {
  const reply: unknown = await redis.config('GET', 'maxmemory-policy').catch(() => undefined);
  const value: unknown = Array.isArray(reply) ? reply[1] : undefined;
  return typeof value === 'string' ? value : undefined;
}
