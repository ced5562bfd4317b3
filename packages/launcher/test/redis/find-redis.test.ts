import { expect, test } from 'vitest';
import { LaunchError } from '../../src/bare/launch-error.mjs';
import { findRedis } from '../../src/redis/find-redis.ts';
import type { RedisSource } from '../../src/redis/source.ts';

const none = (reason: string): RedisSource => ({ find: () => Promise.resolve({ reason }) });
const some = (description: string): RedisSource => ({
  find: () => Promise.resolve({ description, start: () => Promise.resolve('redis://127.0.0.1:1') }),
});
const forbidden: RedisSource = { find: () => Promise.reject(new Error('asked needlessly')) };

test('takes the first source that works and tries no other', async () => {
  const offer = await findRedis([none('REDIS_URL is not set'), some('redis-server 7.0.15'), forbidden]);
  expect(offer.description).toBe('redis-server 7.0.15');
});

test('tries no other source when the chosen one does not work', async () => {
  const chosen: RedisSource = { find: () => Promise.reject(new LaunchError('REDIS_URL: no answer')) };
  await expect(findRedis([chosen, forbidden])).rejects.toThrow('REDIS_URL: no answer');
});

test('names every reason and every choice when nothing works', async () => {
  const failure = await findRedis([none('REDIS_URL is not set'), none('no docker on PATH')]).catch(
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(LaunchError);
  expect(String(failure)).toContain('- REDIS_URL is not set');
  expect(String(failure)).toContain('- no docker on PATH');
  for (const choice of ['REDIS_URL=redis://', 'valkey-server', 'Docker', 'sudo'])
    expect(String(failure)).toContain(choice);
});
