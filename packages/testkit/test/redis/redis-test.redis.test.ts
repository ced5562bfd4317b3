import { Redis } from 'ioredis';
import { describe, expect } from 'vitest';
import { redisTest } from '../../src/redis/redis-test.ts';

describe('redisTest', () => {
  let earlierPrefix = '';
  let earlierRedis: Redis | undefined;

  redisTest('gives a connection and a prefix', async ({ redis, redisUrl, keyPrefix }) => {
    expect(keyPrefix).toMatch(/^t-[0-9a-f]{12}$/);
    const other = new Redis(redisUrl);
    await other.set(`${keyPrefix}:{a}:x`, '1');
    other.disconnect();
    const pipeline = redis.pipeline();
    for (let index = 0; index < 2500; index += 1) pipeline.set(`${keyPrefix}:${index}`, '1');
    await pipeline.exec();
    expect(await redis.get(`${keyPrefix}:{a}:x`)).toBe('1');
    earlierPrefix = keyPrefix;
    earlierRedis = redis;
  });

  redisTest('gives the next test others, and leaves none of the keys before', async ({ redis, keyPrefix }) => {
    expect(keyPrefix).not.toBe(earlierPrefix);
    expect(redis).not.toBe(earlierRedis);
    expect(earlierRedis?.status).toBe('end');
    expect(await redis.keys(`${earlierPrefix}*`)).toEqual([]);
  });

  redisTest('deletes the keys of a test that lost its connection', async ({ redis, keyPrefix }) => {
    await redis.set(`${keyPrefix}:left`, '1');
    redis.disconnect();
    earlierPrefix = keyPrefix;
  });

  redisTest('(has deleted them)', async ({ redis }) => {
    expect(await redis.keys(`${earlierPrefix}*`)).toEqual([]);
  });

  redisTest('runs on a Redis that refuses to evict', async ({ redis }) => {
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
  });
});
