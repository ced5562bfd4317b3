import { redisTest, startRedisCluster } from '@sluice/testkit';
import { Cluster } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readMemory } from '../src/memory.ts';

describe('readMemory', () => {
  redisTest('returns the used memory and the limit', async ({ redis }) => {
    const before = await readMemory(redis);
    expect(before.usedBytes).toBeGreaterThan(100_000);
    const [, limit] = (await redis.config('GET', 'maxmemory')) as [string, string];
    expect(before.limitBytes).toBe(Number(limit));
  });

  it('returns the values of the fullest primary of a cluster', { timeout: 60_000 }, async () => {
    const { nodes, stop } = await startRedisCluster();
    const cluster = new Cluster(nodes.map(({ host, port }) => ({ host, port })));
    onTestFinished(async () => {
      cluster.disconnect();
      await stop();
    });
    await cluster.ping();
    // All hold about the same amount, so the smallest limit makes the fullest.
    const limits = [900, 300, 600].map((mebibytes) => mebibytes * 1024 * 1024);
    await Promise.all(cluster.nodes('master').map((node, at) => node.config('SET', 'maxmemory', limits[at] ?? 0)));
    expect((await readMemory(cluster)).limitBytes).toBe(300 * 1024 * 1024);
  });

  redisTest('rejects an answer without these values', async ({ redis }) => {
    const mute = Object.assign(Object.create(redis) as typeof redis, { info: () => Promise.resolve('# Memory\r\n') });
    await expect(readMemory(mute)).rejects.toThrow('does not report');
  });
});
