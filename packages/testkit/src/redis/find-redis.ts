import { ping } from './ping.ts';
import type { ContainerOutcome } from './redis-container.ts';
import { type RedisServer, startRedis } from './start-redis.ts';
import { findServerBinary } from './server-binary.ts';

/** The Redis that a test run uses. */
export interface FoundRedis {
  readonly url: string;
  /** Description of the source, for output. Has no password. */
  readonly description: string;
  /** Ends it if it was started for this run. */
  stop(): Promise<void>;
}

/** The sources of a Redis. The defaults are those of this machine. */
export interface FindRedisNeeds {
  /** The value of REDIS_URL. */
  readonly redisUrl?: string | undefined;
  /** Called with the reason when a source that should have worked did not. */
  readonly warn: (line: string) => void;
  readonly startContainer?: () => Promise<ContainerOutcome>;
  /** Resolves with undefined when no server is installed. */
  readonly startLocal?: () => Promise<RedisServer | undefined>;
}

const containerTimeoutMs = 60_000;

/**
 * Finds a Redis: REDIS_URL, else a container if a Docker engine answers, else a server installed on this machine.
 * @throws Error that lists the choices when there is none, or when REDIS_URL is set and does not answer.
 */
export async function findRedis(needs: FindRedisNeeds): Promise<FoundRedis> {
  const { redisUrl, warn, startContainer = startContainerOnDemand, startLocal = startInstalled } = needs;
  if (redisUrl !== undefined && redisUrl !== '') return useGiven(redisUrl);
  const outcome = await startContainer();
  if (outcome.kind === 'started') {
    const { redis } = outcome;
    return { url: redis.url, description: `${redis.title} at ${place(redis.url)}`, stop: () => redis.stop() };
  }
  if (outcome.kind === 'failed') warn(`a Docker engine answers, but gives no Redis (${outcome.reason})`);
  const server = await startLocal();
  if (server === undefined) {
    throw new Error(
      'These tests need a Redis. Set REDIS_URL, or start a Docker engine, or put redis-server or valkey-server on PATH.',
    );
  }
  return {
    url: server.url,
    description: `${server.title} of this machine at ${place(server.url)}`,
    stop: () => server.stop(),
  };
}

async function useGiven(url: string): Promise<FoundRedis> {
  try {
    await ping(url);
  } catch (error) {
    throw new Error(
      `REDIS_URL names ${place(url)}, which does not answer. Correct it, or unset it to have one found.`,
      {
        cause: error,
      },
    );
  }
  return { url, description: `REDIS_URL at ${place(url)}`, stop: async () => undefined };
}

function place(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'no valid URL';
}

/** Loads Testcontainers, which takes some 400 ms, only when it is needed. */
async function startContainerOnDemand(): Promise<ContainerOutcome> {
  const { startRedisContainer } = await import('./redis-container.ts');
  return startRedisContainer({ timeoutMs: containerTimeoutMs });
}

async function startInstalled(): Promise<RedisServer | undefined> {
  return (await findServerBinary()) === undefined ? undefined : startRedis();
}
