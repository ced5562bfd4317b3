import { connect, type RedisConnection } from '@sluice/redis';
import { afterFile, startRedis, startRedisCluster, startRedisFailover, until } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allOver, type Asked, outcomesOf, type Scene, type SceneOptions, startScene, untilAllSpeak } from './scene.ts';

let scene: Scene;
/** The Redis of the tests with a single one. */
let redis: RedisConnection;
const config = { limits: { lease_ms: 6000 }, queue: { shards: 4 } };

const streams = (count: number, model: string, tokens: number): Asked[] =>
  Array.from({ length: count }, () => scene.ask({ model, tokens }));

function inspect(url: string): RedisConnection {
  const connection = connect({
    settings: { kind: 'single', url },
    role: 'blocking',
    name: 'test',
    onError: () => undefined,
  });
  afterAll(() => connection.disconnect());
  return connection;
}

/** Starts a scene on a single Redis for the tests of one `describe`; both are theirs alone. */
function sceneOnOneRedis(options: SceneOptions): void {
  beforeAll(async () => {
    const server = await startRedis();
    afterFile(() => server.stop());
    scene = await startScene({ ...options, config, redisUrl: server.url });
    redis = inspect(server.url);
  });
}

/** Sends one request after another until the test ends it; returns each request. */
function drip(): { readonly asked: Asked[]; stop(): Promise<void> } {
  const asked: Asked[] = [];
  let isOver = false;
  async function run(): Promise<void> {
    while (!isOver) {
      const each = scene.ask({ model: 'demo-i5', tokens: 10 });
      asked.push(each);
      await each.over;
    }
  }
  const running = Promise.all([run(), run(), run()]);
  return {
    asked,
    async stop() {
      isOver = true;
      await running;
    },
  };
}

/** Longest time without a request that was answered whole, in milliseconds. */
function longestOutage(asked: readonly Asked[]): number {
  const ends = asked
    .filter(({ outcome }) => outcome === 'complete')
    .map(({ endedAt }) => endedAt)
    .toSorted((a, b) => a - b);
  return Math.max(...ends.slice(1).map((end, at) => end - (ends[at] ?? end)));
}

const untilAnswered = (asked: readonly Asked[], count: number): Promise<unknown> => {
  const before = asked.length;
  return until(() => asked.slice(before).filter(({ outcome }) => outcome === 'complete').length >= count, {
    what: `${count} more answers`,
    timeoutMs: 30_000,
  });
};

/** Error codes that an outage may show to a client. */
const outageCodes = /redis_unavailable|queue_timeout|relay_gap|worker_lost|server_overloaded/;

/** Returns the requests that ended neither with a whole answer nor with an error that reports the outage. */
const withoutOutcome = (asked: readonly Asked[]): readonly object[] =>
  asked.flatMap(({ rid, outcome, code = '' }) => {
    const isReported = (outcome === 'error event' || outcome === 'http error') && outageCodes.test(code);
    return outcome === 'complete' || isReported ? [] : [{ rid, outcome, code }];
  });

describe.each([
  ['killed', 'SIGKILL'],
  ['frozen', 'SIGSTOP'],
] as const)('F15 the master is %s and a sentinel puts its replica in its place', (_how, signal) => {
  beforeAll(async () => {
    const failover = await startRedisFailover();
    afterFile(() => failover.stop());
    fail = async () => {
      if (signal === 'SIGKILL') await failover.master.kill();
      else failover.master.pause();
    };
    const nodes = failover.sentinels.map(({ host, port }) => `${host}:${port}`);
    scene = await startScene({ ingresses: 1, workers: 1, config, redis: { sentinel: { name: failover.name, nodes } } });
  });
  let fail: () => Promise<void>;

  it('the outage is short, and no text is wrong', async () => {
    const running = streams(20, 'demo-i40', 250);
    await untilAllSpeak(running, 50);
    const traffic = drip();
    await untilAnswered(traffic.asked, 5);
    await fail();
    await untilAnswered(traffic.asked, 30);
    await traffic.stop();
    await allOver(running);
    expect(longestOutage(traffic.asked)).toBeLessThan(6000);
    expect(withoutOutcome([...running, ...traffic.asked])).toEqual([]);
    await scene.expectInvariants({ leaseMs: 6000 });
  });
});

describe('F16 a Redis Cluster', () => {
  let nodes: readonly { readonly url: string; kill(): Promise<void> }[];
  beforeAll(async () => {
    const cluster = await startRedisCluster({ masters: 3, replicas: 1 });
    afterFile(() => cluster.stop());
    ({ nodes } = cluster);
    const places = cluster.nodes.map(({ host, port }) => `${host}:${port}`);
    scene = await startScene({ ingresses: 1, workers: 2, config, redis: { cluster: places } });
  });

  it('fails over in order without an error', async () => {
    const running = streams(20, 'demo-i20', 150);
    await untilAllSpeak(running, 30);
    const traffic = drip();
    await untilAnswered(traffic.asked, 10);
    // The first replica belongs to the first master.
    await inspect(nodes[3]?.url ?? '').call('CLUSTER', 'FAILOVER');
    await untilAnswered(traffic.asked, 40);
    await traffic.stop();
    await allOver(running);
    expect(outcomesOf(running)).toEqual({ complete: 20 });
    expect(outcomesOf(traffic.asked)).toEqual({ complete: traffic.asked.length });
    await scene.expectInvariants({ leaseMs: 6000 });
  });

  it('serves again once the replica of a lost master has taken over', async () => {
    const running = streams(20, 'demo-i40', 200);
    await untilAllSpeak(running, 30);
    const traffic = drip();
    await untilAnswered(traffic.asked, 10);
    await nodes[1]?.kill();
    await untilAnswered(traffic.asked, 60);
    await traffic.stop();
    await allOver(running);
    expect(withoutOutcome([...running, ...traffic.asked])).toEqual([]);
    await scene.expectInvariants({ leaseMs: 6000 });
  });
});

describe('F17 Redis is full', () => {
  sceneOnOneRedis({ ingresses: 1, workers: 1 });

  it('new requests get a retryable error, running ones end, and all are served once there is room', async () => {
    const running = streams(10, 'demo-i30', 60);
    await untilAllSpeak(running, 30);
    await redis.call('CONFIG', 'SET', 'maxmemory', '1mb');
    const refused = streams(5, 'demo', 3);
    await allOver(refused);
    for (const { status, code } of refused) expect([status, code]).toEqual([503, 'redis_unavailable']);
    await redis.call('CONFIG', 'SET', 'maxmemory', '0');
    const after = streams(10, 'demo', 3);
    await allOver(after);
    expect(outcomesOf(after)).toEqual({ complete: 10 });
    await allOver(running);
    for (const { outcome } of running) expect(['complete', 'error event']).toContain(outcome);
    await scene.expectInvariants({ leaseMs: 6000 });
  });
});

describe('F18 scripts are forgotten and connections cut, five times a second', () => {
  sceneOnOneRedis({ ingresses: 2, workers: 2 });

  it('hardly any client is affected', async () => {
    const traffic = drip();
    const running = streams(20, 'demo-i40', 200);
    await untilAllSpeak(running, 1);
    const endsAt = performance.now() + 8000;
    while (performance.now() < endsAt) {
      const next = performance.now() + 200;
      await redis.call('SCRIPT', 'FLUSH');
      await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await until(() => performance.now() >= next, { what: 'the next round' });
    }
    await untilAnswered(traffic.asked, 10);
    await traffic.stop();
    await allOver(running);
    expect(outcomesOf(running)).toEqual({ complete: 20 });
    const failed = traffic.asked.filter(({ outcome }) => outcome !== 'complete');
    expect(failed.length).toBeLessThanOrEqual(Math.ceil(traffic.asked.length / 100));
    await scene.expectInvariants({ leaseMs: 6000 });
  });
});
