import { afterFile, type ChaosProxy, type RedisServer, startChaosProxy, startRedis, until } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { allOver, type Asked, outcomesOf, type Scene, startScene, untilAllSpeak } from './scene.ts';

let redis: RedisServer;
let scene: Scene;
let toIngress: ChaosProxy;
let toWorker: ChaosProxy;

/** Its own Redis, with a chaos proxy before each kind of service. */
function sceneOf(redisArguments: readonly string[] = [], workers = 1): void {
  beforeAll(async () => {
    // The variables get the servers of the next scene before the endings of this one run.
    const server = await startRedis({ args: redisArguments });
    afterFile(server.stop);
    redis = server;
    const proxies = await Promise.all([startChaosProxy({ target: server }), startChaosProxy({ target: server })]);
    afterFile(() => Promise.all(proxies.map((proxy) => proxy.close())));
    [toIngress, toWorker] = proxies;
    scene = await startScene({
      ingresses: 1,
      workers,
      config: { limits: { lease_ms: 6000 } },
      redisUrl: redis.url,
      redis: { url: redis.url },
      redisUrls: { ingress: toIngress.through(redis.url), worker: toWorker.through(redis.url) },
    });
  });
}

const passed = (ms: number): Promise<unknown> => {
  const since = performance.now();
  return until(() => performance.now() - since >= ms, { what: `${ms} ms`, timeoutMs: ms + 1000, intervalMs: 20 });
};
const streams = (count: number, model: string, tokens: number): Asked[] =>
  Array.from({ length: count }, () => scene.ask({ model, tokens }));

/** Sends requests until an answer is whole; returns the time that this took, in milliseconds. */
async function untilServed(): Promise<number> {
  const since = performance.now();
  for (;;) {
    const asked = scene.ask({ tokens: 3 });
    await asked.over;
    if (asked.outcome === 'complete') return performance.now() - since;
    expect(asked.code).toMatch(/redis_unavailable|queue_timeout|server_overloaded/);
    if (performance.now() - since > 10_000) throw new Error('no answer for 10 s');
  }
}

describe('F8 Redis stops for a moment', () => {
  sceneOf();

  it('3 s: the running streams continue', async () => {
    const asked = streams(20, 'demo-i50', 120);
    await untilAllSpeak(asked, 50);
    redis.pause();
    await passed(3000);
    redis.resume();
    await allOver(asked);
    expect(outcomesOf(asked)).toEqual({ complete: 20 });
    await scene.expectInvariants();
  });

  it('8 s: new requests get a retryable error at once, running ones are ended, all are served 5 s after', async () => {
    const asked = streams(20, 'demo-i50', 400);
    await untilAllSpeak(asked, 50);
    redis.pause();
    const pausedAt = performance.now();
    await passed(500);
    const refused = streams(5, 'demo', 3);
    await allOver(refused);
    for (const { status, code, endedAt } of refused) {
      expect([status, code]).toEqual([503, 'redis_unavailable']);
      expect(endedAt - pausedAt).toBeLessThan(500 + 1500);
    }
    await allOver(asked);
    for (const { outcome, code, endedAt } of asked) {
      expect([outcome, code]).toEqual(['error event', 'redis_unavailable']);
      expect(endedAt - pausedAt).toBeLessThan(7500);
    }
    await until(() => performance.now() - pausedAt > 8000, { what: '8 s', timeoutMs: 9000 });
    redis.resume();
    expect(await untilServed()).toBeLessThan(5000);
    await scene.expectInvariants({ leaseMs: 6000 });
  });
});

describe('F9 Redis is killed and comes back empty', () => {
  sceneOf([], 2);

  it('streams continue or end in an error within 10 s; new requests are served within 5 s', async () => {
    const running = streams(10, 'demo-i50', 100);
    await untilAllSpeak(running, 30);
    await redis.kill();
    const killedAt = performance.now();
    await until(async () => (await fetch(`${scene.fleet.urls[0]}/readyz`)).status === 503, {
      what: 'the services to be unready',
    });
    const refused = streams(3, 'demo', 3);
    await allOver(refused);
    for (const { status, code } of refused) expect([status, code]).toEqual([503, 'redis_unavailable']);
    await redis.restart();
    expect(await untilServed()).toBeLessThan(5000);
    await allOver(running);
    for (const { outcome, endedAt } of running) {
      expect(['complete', 'error event']).toContain(outcome);
      if (outcome !== 'complete') expect(endedAt - killedAt).toBeLessThan(10_000);
    }
    await scene.expectInvariants({ leaseMs: 6000 });
  });
});

describe('F10 Redis is killed and comes back with its stored data', () => {
  sceneOf(['--appendonly', 'yes', '--appendfsync', 'everysec']);

  it('requests that waited for a worker are served', async () => {
    const [worker] = scene.fleet.workers;
    worker?.kill('SIGSTOP');
    const waiting = streams(10, 'demo', 5);
    await until(
      async () => {
        const page = await (await fetch(scene.fleet.ingresses[0]?.metricsUrl ?? '')).text();
        return /sluice_queue_jobs\{[^}]*waiting[^}]*\} (\d+)/.exec(page)?.[1] === '10';
      },
      { what: 'all requests to wait in the queue' },
    );
    // Redis with "everysec" writes to its disk once a second.
    await passed(1500);
    await redis.kill();
    await redis.restart();
    worker?.kill('SIGCONT');
    await allOver(waiting);
    expect(outcomesOf(waiting)).toEqual({ complete: 10 });
    await scene.expectInvariants({ leaseMs: 6000 });
  });
});

describe.each([
  ['F11 the link between ingress and Redis goes dark for 8 s', () => toIngress, 'both'],
  ['F12 the link between worker and Redis goes dark for 8 s', () => toWorker, 'both'],
  ['F13 only the data from Redis to the worker is lost', () => toWorker, 'down'],
  ['F13 only the data from Redis to the ingress is lost', () => toIngress, 'down'],
] as const)('%s', (_what, link, direction) => {
  sceneOf();

  it('no loss is silent, and all requests are served 6 s after', async () => {
    const running = streams(10, 'demo-i50', 60);
    await untilAllSpeak(running, 30);
    link().set({ kind: 'blackhole', direction });
    await passed(300);
    const during = streams(5, 'demo', 5);
    await passed(7700);
    link().set({ kind: 'pass' });
    expect(await untilServed()).toBeLessThan(6000);
    await allOver([...running, ...during]);
    for (const { outcome, code } of running) {
      expect(['complete', 'error event']).toContain(outcome);
      if (code !== undefined) expect(code).toMatch(/redis_unavailable|relay_gap|worker_lost/);
    }
    for (const { outcome } of during) expect(['complete', 'http error']).toContain(outcome);
    await scene.expectInvariants({ leaseMs: 6000 });
  });
});

describe('F14 the link to Redis is slow and delivers in pieces', () => {
  sceneOf();

  it('costs only time', async () => {
    for (const link of [toIngress, toWorker]) link.set({ kind: 'latency', ms: 25, jitterMs: 15 });
    const slow = streams(20, 'demo-i10', 40);
    await allOver(slow);
    expect(outcomesOf(slow)).toEqual({ complete: 20 });
    const first = scene.ask({ tokens: 1 });
    const askedAt = performance.now();
    await first.over;
    // Six round trips of 50 ms and their jitter.
    expect(first.endedAt - askedAt).toBeLessThan(600);
    for (const link of [toIngress, toWorker]) link.set({ kind: 'slice', bytes: 4 });
    const sliced = streams(10, 'demo-i10', 20);
    await allOver(sliced);
    expect(outcomesOf(sliced)).toEqual({ complete: 10 });
    await scene.expectInvariants();
  });
});
