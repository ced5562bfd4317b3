import { connect, type RedisConnection } from '@sluice/redis';
import { afterFile, type RedisCluster, startRedisCluster, until } from '@sluice/testkit';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, type Sluice, startSluice, upstream } from './sluice.ts';
import {
  openStream,
  post,
  readAnswer,
  refusalOf,
  startedStream,
  startLeaver,
  tokensOf,
  untilOccupied,
} from './traffic.ts';

const longStream = 'demo-t100000-i50';
const places = 20;
const pairKey = 'sk-test-pair-at-once';
const slowKey = 'sk-test-slow';

let sluice: Sluice;
let masters: readonly RedisConnection[];

beforeAll(async () => {
  const cluster: RedisCluster = await startRedisCluster({ masters: 3 });
  afterFile(() => cluster.stop());
  masters = cluster.nodes.map(({ url }) =>
    connect({ settings: { kind: 'single', url }, role: 'blocking', name: 'test', onError: () => undefined }),
  );
  afterFile(() => masters.forEach((master) => master.disconnect()));
  sluice = await startSluice({
    ingresses: 2,
    workers: 2,
    redis: { cluster: cluster.nodes.map(({ host, port }) => `${host}:${port}`) },
    config: (simulatorUrl) => ({
      queue: { shards: 4 },
      keys: [
        { name: 'test', key: apiKey },
        { name: 'pair', key: pairKey, limits: { concurrency: 2 } },
        { name: 'slow', key: slowKey, limits: { rpm: 60, rpm_burst: 3 } },
      ],
      upstreams: [upstream('sim', simulatorUrl), upstream('pool', simulatorUrl, ['a', 'b'])],
      models: [
        { id: 'pooled*', targets: [{ upstream: 'pool' }] },
        { id: '*', targets: [{ upstream: 'sim' }] },
      ],
      limits: {
        max_concurrent_requests: places,
        queue_size: 60,
        max_queue_wait_ms: 20_000,
        default_key_concurrency: places,
      },
      retry: { base_delay_ms: 20, max_delay_ms: 100 },
    }),
  });
});
beforeEach(() => sluice.simulator.reset());
afterEach(() => untilOccupied(sluice, { running: 0, waiting: 0 }));

/** Returns the names of all keys, by master. */
const keysByMaster = (): Promise<string[][]> =>
  Promise.all(masters.map(async (master) => (await master.call('KEYS', '*')) as string[]));

const isUsed = (count: number): boolean => count > 0;

describe('two ingresses and two workers on a cluster of three masters', () => {
  it('keep sixty simultaneous streams apart, of which forty wait for a lease', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, client) => {
        const answer = await openStream(sluice, { model: 'demo-t30-i20', content: `rid=c${client}x`, at: client });
        expect(await answer.finish()).toBe('whole');
        return readAnswer(answer);
      }),
    );
    expect(answers).toEqual(
      answers.map((_, client) => ({ text: tokensOf(`c${client}x`, 30), isDone: true, errorCode: undefined })),
    );
    const { total, peakOpen } = await sluice.simulator.stats();
    expect(total).toBe(60);
    expect(peakOpen).toBeLessThanOrEqual(places);
    expect(peakOpen).toBeGreaterThanOrEqual(places * 0.7);
  });

  it('return whole answers', async () => {
    const texts = await Promise.all(
      Array.from({ length: 30 }, async (_, client) => {
        const response = await post(sluice, { model: 'demo-t5', content: `rid=w${client}x` });
        expect(response.status).toBe(200);
        const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
        return choices[0]?.message.content;
      }),
    );
    expect(texts).toEqual(texts.map((_, client) => tokensOf(`w${client}x`, 5)));
  });

  it('spread jobs and mailboxes over the masters, and leave no request behind', async () => {
    const leavers = Array.from({ length: places }, () => startLeaver(sluice, { model: 'demo-hang' }));
    await until(async () => (await sluice.simulator.stats()).open === places, { what: 'all requests to run' });
    const keys = await keysByMaster();
    const requests = keys.map((names) => names.filter((name) => /:\{q[0-3]\}:body:/.test(name)).length);
    expect(requests.filter(isUsed).length).toBeGreaterThan(1);
    expect(requests.reduce((sum, count) => sum + count)).toBe(places);
    const shards = new Set(keys.flat().flatMap((name) => /\{q\d\}(?=:chat:active$)/.exec(name) ?? []));
    expect(shards.size).toBeGreaterThan(1);
    // Each process has its own mailbox.
    expect(keys.flat().filter((name) => /:mb:\{[iw]-/.test(name))).toHaveLength(4);
    for (const { leave } of leavers) leave();
    await untilOccupied(sluice, { running: 0, waiting: 0 });
    await until(async () => !(await keysByMaster()).flat().some((name) => /:body:|:chat:active$/.test(name)), {
      what: 'all requests to be gone',
    });
  });

  it('hold a key to its limits over both ingresses', async () => {
    const running = await Promise.all(
      [0, 1].map((at) => startedStream(sluice, { model: longStream, key: pairKey, at })),
    );
    for (const at of [0, 1]) {
      const refused = await refusalOf(await post(sluice, { model: 'demo-t1', key: pairKey, at }));
      expect(refused).toMatchObject({ status: 429, code: 'concurrency_limit_exceeded' });
    }
    await Promise.all(running.map((answer) => answer.leave()));
    await untilOccupied(sluice, { running: 0, waiting: 0 });
    expect((await post(sluice, { model: 'demo-t1', key: pairKey })).status).toBe(200);

    const statuses: number[] = [];
    for (const at of [0, 1, 0, 1]) statuses.push((await post(sluice, { model: 'demo-t1', key: slowKey, at })).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  it('serve waiters in the order of their arrival', async () => {
    const running = Array.from({ length: places }, () => startLeaver(sluice, { model: longStream }));
    await untilOccupied(sluice, { running: places, waiting: 0 });
    const waiters: Promise<Response>[] = [];
    const refusals: string[] = [];
    for (const at of [0, 1, 2, 3]) {
      const waiter = post(sluice, { model: 'demo-t20-i10', content: `waiter ${at}`, at });
      waiters.push(waiter);
      void waiter.then(async (response) => {
        if (response.ok) return;
        const { status, code } = await refusalOf(response);
        refusals.push(`${status} ${String(code)}`);
      });
      await untilOccupied(sluice, { running: places, waiting: at + 1 });
    }
    const gone = startLeaver(sluice, { model: 'demo-t1', content: 'an abandoned request' });
    await untilOccupied(sluice, { running: places, waiting: 5 });
    gone.leave();
    await untilOccupied(sluice, { running: places, waiting: 4 });
    for (const waiting of [3, 2, 1, 0]) {
      running.pop()?.leave();
      const begun = 4 - waiting;
      await until(
        async () => {
          expect(refusals).toEqual([]);
          // A waiter that ends soon hands its lease on before the next look.
          return (await bodies()).filter((body) => body.includes('waiter')).length >= begun;
        },
        { what: `${begun} waiters to be served` },
      );
    }
    running.forEach(({ leave }) => leave());
    expect((await Promise.all(waiters)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await bodies()).flatMap((body) => /waiter \d/.exec(body) ?? [])).toEqual(
      [0, 1, 2, 3].map((at) => `waiter ${at}`),
    );
    expect((await bodies()).join()).not.toContain('an abandoned request');
  });

  it('close the calls of clients that leave', async () => {
    const leavers = Array.from({ length: places }, (_, client) =>
      startLeaver(sluice, { model: client % 2 === 0 ? longStream : 'demo-hang', at: client }),
    );
    await until(async () => (await sluice.simulator.stats()).open === places, { what: 'all requests to run' });
    const leftAt = leavers.map(({ leave }) => leave())[0] ?? NaN;
    await until(async () => (await sluice.simulator.stats()).open === 0, { what: 'all calls to be closed' });
    const closedAfterMs = (await sluice.simulator.calls()).map(({ abortedAt }) => (abortedAt?.wallMs ?? NaN) - leftAt);
    expect(closedAfterMs).toHaveLength(places);
    for (const ms of closedAfterMs) expect(ms).toBeLessThan(500);
  });

  it('retry after failures, on either worker', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, async (_, client) => {
        const answer = await openStream(sluice, { model: `retry${client}-t4-e500-n2`, content: `rid=r${client}x` });
        await answer.finish();
        return { ...readAnswer(answer), attempts: answer.headers['x-sluice-attempts'] };
      }),
    );
    expect(answers).toEqual(
      answers.map((_, client) => ({
        text: tokensOf(`r${client}x`, 4),
        isDone: true,
        errorCode: undefined,
        attempts: '3',
      })),
    );
  });

  it('put a refused credential in cooldown for all workers', async () => {
    await sluice.simulator.script([{ match: { credential: 'tok-pool-a' }, directives: 'e429-r30' }]);
    // One request at a time, alternating between the ingresses: both workers must know of the refusal.
    for (let turn = 0; turn < 10; turn++) {
      expect((await post(sluice, { model: 'pooled-t1' })).status).toBe(200);
    }
    const { byCredential } = await sluice.simulator.stats();
    expect(byCredential['tok-pool-a']?.total).toBe(1);
    expect(byCredential['tok-pool-b']?.total).toBe(10);
  });
});

const bodies = async (): Promise<string[]> => (await sluice.simulator.calls()).map(({ body }) => body);
