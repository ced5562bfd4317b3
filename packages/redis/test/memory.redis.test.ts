import { redisTest } from '@sluice/testkit';
import { describe, expect } from 'vitest';
import { readMemory } from '../src/memory.ts';

describe('readMemory', () => {
  redisTest('tells what Redis uses and what it may use', async ({ redis }) => {
    const before = await readMemory(redis);
    expect(before.usedBytes).toBeGreaterThan(100_000);
    const [, limit] = (await redis.config('GET', 'maxmemory')) as [string, string];
    expect(before.limitBytes).toBe(Number(limit));
  });

  redisTest('rejects an answer that tells nothing', async ({ redis }) => {
    const mute = Object.assign(Object.create(redis) as typeof redis, { info: () => Promise.resolve('# Memory\r\n') });
    await expect(readMemory(mute)).rejects.toThrow('does not tell');
  });
});
