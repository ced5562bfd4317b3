import { afterEach, expect, inject, test, vi } from 'vitest';
import type { TestProject } from 'vitest/node';
import { setup, teardown } from '../src/global-redis.ts';
import { ping } from '../src/redis/ping.ts';

/** A project that records the provided values. */
function project(): { readonly provided: unknown[]; readonly project: TestProject } {
  const provided: unknown[] = [];
  const provide = (...pair: readonly unknown[]): void => void provided.push(pair);
  return { provided, project: { provide } as unknown as TestProject };
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test('gives all projects the same Redis, and prints its source once', async () => {
  const redisUrl = inject('redisUrl');
  vi.stubEnv('REDIS_URL', redisUrl);
  const log = vi.spyOn(console, 'log').mockReturnValue();
  const projects = [project(), project()];
  await Promise.all(projects.map((each) => setup(each.project)));
  for (const { provided } of projects) expect(provided).toEqual([['redisUrl', redisUrl]]);
  expect(log.mock.calls).toEqual([[`Redis for tests: REDIS_URL at ${new URL(redisUrl).host}`]]);
  await teardown();
  await teardown();
  await expect(ping(redisUrl)).resolves.toBeUndefined();
});

test('ends nothing when no Redis was found', async () => {
  vi.stubEnv('REDIS_URL', 'nonsense');
  await expect(setup(project().project)).rejects.toThrow('REDIS_URL names no valid URL');
  await expect(teardown()).resolves.toBeUndefined();
  await expect(teardown()).resolves.toBeUndefined();
});
