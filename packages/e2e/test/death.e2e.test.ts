import { afterFile, type RedisServer, startRedis, until } from '@sluice/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, type Sluice, startSluice } from './sluice.ts';
import {
  metric,
  openStream,
  post,
  readAnswer,
  refusalOf,
  startLeaver,
  tokensOf,
  untilBusy,
  untilOccupied,
} from './traffic.ts';

const keys = [{ name: 'test', key: apiKey }];

describe('a worker that is killed', () => {
  let sluice: Sluice;
  beforeAll(async () => {
    sluice = await startSluice({ ingresses: 1, workers: 3, config: { keys } });
  });
  beforeEach(() => sluice.simulator.reset());

  it('before the first token is replaced by another, unseen by the client', async () => {
    const answer = post(sluice, { model: 'demo-t5-hang-n1', content: 'rid=x' });
    await until(async () => (await sluice.simulator.stats()).open === 1, { what: 'the provider to be called' });
    const killedAt = performance.now();
    (await untilBusy(sluice)).kill('SIGKILL');
    const response = await answer;
    expect(performance.now() - killedAt).toBeLessThan(4000);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: tokensOf('x', 5) } }] });
    expect((await sluice.simulator.stats()).total).toBe(2);
  });
});

describe('a worker that freezes', () => {
  let sluice: Sluice;
  beforeAll(async () => {
    sluice = await startSluice({ ingresses: 1, workers: 2, config: { keys } });
  });

  it('is replaced, and its output after it wakes up reaches no client', async () => {
    const answer = await openStream(sluice, { model: 'demo-t80-i50', content: 'rid=x' });
    const finished = answer.finish();
    await until(() => readAnswer(answer).text.length > 20, { what: 'some text' });
    const frozen = await untilBusy(sluice);
    frozen.kill('SIGSTOP');
    const another = sluice.fleet.workers.find((worker) => worker !== frozen);
    await until(async () => (await metric(another?.url ?? '', 'sluice_worker_active_jobs')) === 1, {
      what: 'the other worker to take over',
    });
    frozen.kill('SIGCONT');
    await finished;
    expect(readAnswer(answer)).toEqual({ text: tokensOf('x', 80), isDone: true, errorCode: undefined });
    await until(async () => (await sluice.simulator.stats()).open === 0, {
      what: "the frozen worker's call to be closed",
    });
    expect((await sluice.simulator.stats()).total).toBe(2);
  });
});

describe('an ingress that is killed', () => {
  let sluice: Sluice;
  beforeAll(async () => {
    sluice = await startSluice({
      ingresses: 2,
      workers: 1,
      config: { keys, limits: { max_concurrent_requests: 3, queue_size: 5, lease_ms: 2000 } },
    });
  });

  it('leaves no call open and, after the end of the lease, no lease taken', async () => {
    const streams = [0, 0, 0].map((at) => startLeaver(sluice, { model: 'demo-t100000-i50', at }));
    await untilOccupied(sluice, { running: 3, waiting: 0, at: 1 });
    await until(async () => (await sluice.simulator.stats()).open === 3, { what: 'three calls' });
    const waiting = post(sluice, { model: 'demo-t2', at: 1 });
    await untilOccupied(sluice, { running: 3, waiting: 1, at: 1 });
    const killedAt = performance.now();
    sluice.fleet.ingresses[0]?.kill('SIGKILL');
    expect((await waiting).status).toBe(200);
    expect(performance.now() - killedAt).toBeLessThan(6000);
    await untilOccupied(sluice, { running: 0, waiting: 0, at: 1 });
    await until(async () => (await sluice.simulator.stats()).open === 0, { what: 'its calls to be closed' });
    await Promise.all(streams.map(({ over }) => over));
  });
});

describe('a Redis that goes away', () => {
  let redis: RedisServer;
  let sluice: Sluice;
  beforeAll(async () => {
    redis = await startRedis();
    afterFile(() => redis.stop());
    sluice = await startSluice({ ingresses: 1, workers: 1, config: { keys }, redis: { url: redis.url } });
  });

  it('is an immediate error for clients, and has no effect once it is back', async () => {
    const { url } = sluice.fleet.ingresses[0] ?? { url: '' };
    expect((await post(sluice, { model: 'demo-t1' })).status).toBe(200);
    await redis.kill();
    await until(async () => (await fetch(`${url}/readyz`)).status === 503, { what: 'the ingress to be unready' });
    const askedAt = performance.now();
    const refusal = await refusalOf(await post(sluice, { model: 'demo-t1' }));
    expect(performance.now() - askedAt).toBeLessThan(1000);
    expect(refusal).toMatchObject({ status: 503, code: 'redis_unavailable', type: 'overloaded_error' });
    expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await fetch(`${url}/livez`)).status).toBe(200);

    await redis.restart();
    const backAt = performance.now();
    await until(async () => (await post(sluice, { model: 'demo-t3', content: 'rid=x' })).status === 200, {
      what: 'an answer',
    });
    expect(performance.now() - backAt).toBeLessThan(5000);
    const answer = await openStream(sluice, { model: 'demo-t3', content: 'rid=x' });
    await answer.finish();
    expect(readAnswer(answer)).toEqual({ text: tokensOf('x', 3), isDone: true, errorCode: undefined });
  });
});
