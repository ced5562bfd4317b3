import {
  redisTest,
  startMovableRedis,
  startRedis,
  startRedisCluster,
  startRedisFailover,
  until,
} from '@sluice/testkit';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished } from 'vitest';
import { connect, type RedisConnection, type RedisSettings, untilReady } from '../src/index.ts';

async function open(settings: RedisSettings): Promise<RedisConnection> {
  const connection = connect({ settings, role: 'command', name: 'test', onError: () => undefined });
  onTestFinished(() => connection.disconnect());
  await untilReady(connection, 10_000);
  return connection;
}

/**
 * Returns the number of commands that wait for a server. ioredis drops those for a whole cluster only after it is back.
 */
function heldBy(connection: RedisConnection): number {
  const servers = connection instanceof Redis ? [connection] : connection.nodes();
  const lengthOf = (queue: unknown): number =>
    typeof queue === 'object' && queue !== null && 'length' in queue ? Number(queue.length) : 0;
  return servers
    .flatMap((server) => ['commandQueue', 'offlineQueue'].map((name) => lengthOf(Reflect.get(server, name))))
    .reduce((sum, length) => sum + length, 0);
}

interface Traffic {
  /** Commands whose caller got an error. */
  readonly failed: readonly { readonly key: string; readonly at: number }[];
  /** Times of the accepted commands. */
  readonly doneAt: readonly number[];
  readonly mostHeld: number;
  /** Resolves when each command has its answer. */
  stop(): Promise<void>;
}

const everyMs = 10;

/** Sends a hundred writes a second, each to a new key. */
function write(connection: RedisConnection): Traffic {
  const failed: { key: string; at: number }[] = [];
  const doneAt: number[] = [];
  const asked: Promise<unknown>[] = [];
  let mostHeld = 0;
  const timer = setInterval(() => {
    const key = `key-${asked.length}`;
    asked.push(
      connection.set(key, 'x').then(
        () => doneAt.push(performance.now()),
        () => failed.push({ key, at: performance.now() }),
      ),
    );
    mostHeld = Math.max(mostHeld, heldBy(connection));
  }, everyMs);
  onTestFinished(() => clearInterval(timer));
  return {
    failed,
    doneAt,
    get mostHeld() {
      return mostHeld;
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(asked);
    },
  };
}

const pass = (ms: number): Promise<unknown> => {
  const since = performance.now();
  return until(() => performance.now() - since > ms, { what: 'time to pass', timeoutMs: ms + 5000 });
};

/** Returns those of these keys that exist. */
async function present(connection: RedisConnection, keys: readonly string[]): Promise<string[]> {
  const found = await Promise.all(keys.map((key) => connection.exists(key)));
  return keys.filter((_, at) => found[at] === 1);
}

/** Time (ms) in which Redis may accept a command that was in flight at its timeout. */
const inDoubtMs = 100;

/** Returns the end of the longest time without an accepted write. */
function endOfOutage({ doneAt }: Traffic): number {
  const gaps = doneAt.slice(1).map((at, index) => ({ at, gap: at - (doneAt[index] ?? at) }));
  return gaps.reduce((longest, each) => (each.gap > longest.gap ? each : longest), { at: 0, gap: 0 }).at;
}

async function expectNothingLate(connection: RedisConnection, traffic: Traffic): Promise<void> {
  const before = traffic.doneAt.length;
  await until(() => traffic.doneAt.length > before + 20, { what: 'writes to be taken', timeoutMs: 20_000 });
  await traffic.stop();
  expect(traffic.failed.length).toBeGreaterThan(100);
  const late = traffic.failed.filter(({ at }) => at < endOfOutage(traffic) - inDoubtMs);
  expect(late.length).toBeGreaterThan(50);
  const keys = late.map(({ key }) => key);
  expect(await present(connection, keys)).toEqual([]);
  expect(traffic.mostHeld).toBeLessThan(2500 / everyMs);
}

interface Outage {
  readonly settings: RedisSettings;
  begin(): Promise<unknown>;
  end(): Promise<unknown>;
}

const outages: Readonly<Record<string, () => Promise<Outage>>> = {
  async 'a single server that is a replica for five seconds'() {
    const redis = await startMovableRedis();
    onTestFinished(() => redis.stop());
    return {
      settings: { kind: 'single', url: redis.url },
      async begin() {
        await redis.demote();
        await pass(5000);
      },
      end: async () => redis.moveAddress(),
    };
  },
  async 'a single server that is gone for four seconds'() {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    return {
      settings: { kind: 'single', url: server.url },
      begin: () => server.kill().then(() => pass(4000)),
      end: () => server.restart(),
    };
  },
  async 'a master that the sentinels replace by its replica'() {
    const failover = await startRedisFailover();
    onTestFinished(() => failover.stop());
    return {
      settings: { kind: 'sentinel', name: failover.name, nodes: failover.sentinels },
      begin: () => failover.master.kill().then(() => pass(1000)),
      end: async () => undefined,
    };
  },
  async 'a cluster whose nodes are gone for four seconds'() {
    const cluster = await startRedisCluster();
    onTestFinished(() => cluster.stop());
    return {
      settings: { kind: 'cluster', nodes: cluster.nodes.map(({ host, port }) => ({ host, port })) },
      begin: () => Promise.all(cluster.nodes.map((node) => node.kill())).then(() => pass(4000)),
      end: () => Promise.all(cluster.nodes.map((node) => node.restart())),
    };
  },
};

describe('a command whose caller has got an error', () => {
  for (const [name, start] of Object.entries(outages)) {
    redisTest(
      `is dropped and never sent later: ${name}`,
      async () => {
        const outage = await start();
        const connection = await open(outage.settings);
        const traffic = write(connection);
        await until(() => traffic.doneAt.length > 10, { what: 'writes before the outage' });
        await outage.begin();
        await outage.end();
        await expectNothingLate(connection, traffic);
      },
      60_000,
    );
  }
});
