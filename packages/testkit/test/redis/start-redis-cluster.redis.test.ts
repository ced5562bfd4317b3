import { Cluster, Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { type RedisCluster, type RedisClusterOptions, startRedisCluster } from '../../src/redis/start-redis-cluster.ts';

async function start(options?: RedisClusterOptions): Promise<RedisCluster> {
  const cluster = await startRedisCluster(options);
  onTestFinished(() => cluster.stop());
  return cluster;
}

function connect(cluster: RedisCluster): Cluster {
  const client = new Cluster(cluster.nodes.map(({ host, port }) => ({ host, port })));
  onTestFinished(() => client.disconnect());
  return client;
}

test('serves keys on all three masters', { timeout: 60_000 }, async () => {
  const cluster = await start();
  const client = connect(cluster);
  const keys = Array.from({ length: 60 }, (_, index) => `key:${index}`);
  await Promise.all(keys.map((key) => client.set(key, '1')));
  const sizes = await Promise.all(client.nodes('master').map((node) => node.dbsize()));
  expect(sizes).toHaveLength(3);
  expect(Math.min(...sizes)).toBeGreaterThan(0);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(60);
});

test('starts the replicas of each master', { timeout: 60_000 }, async () => {
  const { nodes } = await start({ replicas: 1 });
  expect(nodes).toHaveLength(6);
  const roles = await Promise.all(
    nodes.map(async ({ url }) => {
      const redis = new Redis(url);
      const [role, ...rest] = (await redis.role()) as [string, ...unknown[]];
      redis.disconnect();
      return role === 'slave' ? Number(rest[1]) : role;
    }),
  );
  const ports = nodes.slice(0, 3).map(({ port }) => port);
  expect(roles).toEqual(['master', 'master', 'master', ...ports]);
});

test('leaves no node running', { timeout: 60_000 }, async () => {
  const cluster = await start();
  await cluster.stop();
  for (const { pid } of cluster.nodes) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
