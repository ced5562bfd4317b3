import { randomUUID } from 'node:crypto';
import { RedisContainer, type StartedRedisContainer } from '@testcontainers/redis';
import { type ContainerRuntimeClient, getContainerRuntimeClient, ImageName } from 'testcontainers';
import { ping } from './ping.ts';
import { toArguments } from './server-binary.ts';

/** A Redis in a container. */
export interface ContainerizedRedis {
  readonly url: string;
  readonly title: string;
  stop(): Promise<void>;
}

/** The outcome of {@link startRedisContainer}. */
export type ContainerOutcome =
  | { readonly kind: 'started'; readonly redis: ContainerizedRedis }
  /** No engine answers, which is not an error. */
  | { readonly kind: 'no-engine' }
  /** An engine answers, but Redis did not start. */
  | { readonly kind: 'failed'; readonly reason: string };

const image = 'redis:8-alpine';
/** Testcontainers' janitor, which removes containers whose owner was killed. */
const janitorImage = process.env['RYUK_CONTAINER_IMAGE'] ?? 'testcontainers/ryuk:0.14.0';
const settings = {
  // It refuses connections from outside the container, and some builds have it on by default.
  'protected-mode': 'no',
  save: '',
  appendonly: 'no',
  'maxmemory-policy': 'noeviction',
  'enable-debug-command': 'yes',
};
const engineTimeoutMs = 10_000;
const janitorTimeoutMs = 15_000;

/**
 * Starts Redis through the Docker engine that Testcontainers finds. Pull, start and first answer take at most `timeoutMs`; a
 * container that starts later is removed.
 */
export async function startRedisContainer({ timeoutMs }: { readonly timeoutMs: number }): Promise<ContainerOutcome> {
  const reaching = reachEngine();
  let starting: Promise<StartedRedisContainer> | undefined;
  try {
    const client = await within(engineTimeoutMs, reaching);
    if (client === undefined) return { kind: 'no-engine' };
    starting = start(client, timeoutMs);
    const container = await within(timeoutMs, starting);
    return {
      kind: 'started',
      redis: {
        url: container.getConnectionUrl(),
        title: `${image} in a container`,
        stop: async () => void (await container.stop()),
      },
    };
  } catch (error) {
    starting?.then((late) => late.stop()).catch(() => undefined);
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'failed', reason: message.replace(/\s+/g, ' ').trim() };
  }
}

/** Returns undefined when no engine answers, the only cause of Testcontainers' error. */
async function reachEngine(): Promise<ContainerRuntimeClient | undefined> {
  return getContainerRuntimeClient().catch(() => undefined);
}

async function start(client: ContainerRuntimeClient, timeoutMs: number): Promise<StartedRedisContainer> {
  if (!(await fetchImage(client, image))) throw new Error(`it can't pull ${image}`);
  const hasJanitor =
    process.env['TESTCONTAINERS_RYUK_DISABLED'] !== 'true' &&
    (await within(janitorTimeoutMs, fetchImage(client, janitorImage)).catch(() => false));
  const name = `sluice-test-redis-${randomUUID()}`;
  try {
    const container = await new RedisContainer(image)
      .withName(name)
      .withCommand(['redis-server', ...toArguments(settings)])
      .withStartupTimeout(timeoutMs)
      .withAutoCleanup(hasJanitor)
      .start();
    await ping(container.getConnectionUrl());
    return container;
  } catch (error) {
    // Testcontainers does not remove a container that was created but did not start.
    await client.container
      .getById(name)
      .remove({ force: true, v: true })
      .catch(() => undefined);
    throw error;
  }
}

/** Pulls an image and checks that it exists: Testcontainers does not report a failed pull as an error. */
async function fetchImage(client: ContainerRuntimeClient, name: string): Promise<boolean> {
  const imageName = ImageName.fromString(name);
  await client.image.pull(imageName);
  return client.image.exists(imageName);
}

async function within<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no result after ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([promise, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
