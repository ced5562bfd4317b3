import { until } from '@sluice/testkit';
import { APIError, BadRequestError, InternalServerError, NotFoundError, RateLimitError } from 'openai';
import { beforeEach, describe, expect, it } from 'vitest';
import { apiKey, ask as bodyOf, textOf } from '../sluice.ts';
import { occupancy, openStream, readAnswer, tokensOf, untilBusy } from '../traffic.ts';
import { askEvenly, askMany, askOne } from './ask.ts';
import { percentile } from './measure.ts';
import { kill, outcomesOf, untilAllSpeak, useScene } from './scene.ts';

describe('F29 an upstream that fails every attempt while all clients retry', () => {
  const openMs = 1000;
  const scene = useScene({
    ingresses: 2,
    workers: 2,
    config: { circuit: { open_ms: openMs }, retry: { max_attempts: 3, base_delay_ms: 50, max_delay_ms: 200 } },
  });

  it('is protected by its circuit, and in use again within 5 s of its recovery', async () => {
    await scene().simulator.reset();
    await scene().simulator.script([{ directives: 'e500' }]);
    const storm = await askEvenly(scene(), { tokens: 5, maxRetries: 2, perSecond: 30, forMs: 4000 });
    expect(outcomesOf(storm.map(({ request }) => request))).toEqual({ 'http error': storm.length });
    const { total } = await scene().simulator.stats();
    expect(total / storm.length).toBeLessThanOrEqual(1.2);

    await scene().simulator.reset();
    const healedAt = performance.now();
    await until(async () => (await askOne(scene(), { tokens: 5 })).outcome === 'complete', {
      what: 'the upstream to be used again',
    });
    expect(performance.now() - healedAt).toBeLessThan(5000);
    const after = await askEvenly(scene(), { tokens: 5, perSecond: 30, forMs: 1000 });
    expect(outcomesOf(after.map(({ request }) => request))).toEqual({ complete: after.length });
    await scene().expectInvariants();
  });
});

describe('F30 three times as many requests arrive as can be served', () => {
  const places = 10;
  const queueSize = 10;
  const maxQueueWaitMs = 1500;
  const answerMs = 500;
  const capacity = (places / answerMs) * 1000;
  const forMs = 6000;
  const scene = useScene({
    ingresses: 2,
    workers: 2,
    config: { limits: { max_concurrent_requests: places, queue_size: queueSize, max_queue_wait_ms: maxQueueWaitMs } },
  });

  it('the fleet serves as many as it can, and refuses the others at once', async () => {
    let isOver = false;
    const load = askEvenly(scene(), { model: `demo-f${answerMs}`, tokens: 1, perSecond: 3 * capacity, forMs }).finally(
      () => (isOver = true),
    );
    let mostRunning = 0;
    let mostWaiting = 0;
    await until(
      async () => {
        const { running, waiting } = await occupancy(scene());
        mostRunning = Math.max(mostRunning, running);
        mostWaiting = Math.max(mostWaiting, waiting);
        return isOver;
      },
      { what: 'the load to end', timeoutMs: forMs + 5000, intervalMs: 50 },
    );
    const asked = await load;
    const served = asked.filter(({ request }) => request.outcome === 'complete');
    const refused = asked.filter(({ request }) => request.code === 'server_overloaded');
    const late = asked.filter(({ request }) => request.code === 'queue_timeout');
    expect(served.length + refused.length + late.length).toBe(asked.length);
    expect([mostRunning, mostWaiting]).toEqual([places, queueSize]);
    expect(served.length).toBeGreaterThanOrEqual((0.9 * capacity * forMs) / 1000);
    expect(refused.every(({ request }) => request.status === 503)).toBe(true);
    expect(
      percentile(
        refused.map(({ tookMs }) => tookMs),
        0.99,
      ),
    ).toBeLessThan(200);
    for (const { tookMs } of [...served, ...late]) expect(tookMs).toBeLessThan(maxQueueWaitMs + answerMs + 500);
    await scene().expectInvariants({ maxCalls: 1 });
  });
});

describe('F31 one tenant floods the fleet', () => {
  const noisyKey = 'sk-test-client-noisy';
  const noisyPlaces = 10;
  const scene = useScene({
    ingresses: 2,
    workers: 2,
    config: {
      keys: [
        { name: 'test', key: apiKey },
        { name: 'noisy', key: noisyKey, limits: { concurrency: noisyPlaces } },
      ],
      limits: { max_concurrent_requests: 2 * noisyPlaces, queue_size: 20 },
    },
  });

  it('another tenant is hardly affected', async () => {
    const light = { model: 'demo-f100', tokens: 1 };
    await askEvenly(scene(), { ...light, perSecond: 10, forMs: 1000 });
    const alone = await askEvenly(scene(), { ...light, perSecond: 20, forMs: 3000 });
    const flood = askEvenly(scene(), { model: 'demo-f300', tokens: 5, key: noisyKey, perSecond: 100, forMs: 4000 });
    await until(async () => (await occupancy(scene())).running >= noisyPlaces, {
      what: 'the flood to fill its leases',
    });
    const beside = await askEvenly(scene(), { ...light, perSecond: 20, forMs: 3000 });
    const flooding = await flood;
    const requests = flooding.map(({ request }) => request);
    // With a single token, the longest time without one is that to the first.
    const [soloMs, floodedMs] = [alone, beside].map((some) =>
      percentile(
        some.map(({ request }) => request.longestGapMs),
        0.99,
      ),
    );
    expect(outcomesOf([...alone, ...beside].map(({ request }) => request))).toEqual({
      complete: alone.length + beside.length,
    });
    // It gets its share, and a refusal beyond.
    expect(requests.some(({ status }) => status === 429)).toBe(true);
    for (const { outcome, status } of requests)
      expect([outcome, status ?? 200]).toEqual(outcome === 'complete' ? ['complete', 200] : ['http error', 429]);
    expect(floodedMs).toBeLessThan(2 * (soloMs ?? NaN));
    await scene().expectInvariants({ maxCalls: 1 });
  });
});

describe('F34 the official SDK under heartbeats', () => {
  const holdMs = 500;
  const heartbeatMs = 40;
  const scene = useScene({
    ingresses: 1,
    workers: 1,
    config: {
      server: { hold_ms: holdMs, heartbeat_ms: heartbeatMs },
      retry: { max_attempts: 1 },
      circuit: { failures: 10_000 },
    },
  });
  beforeEach(() => scene().simulator.reset());

  it.each(['demo-f1200', 'demo-i150', 'demo-i150-crlf', 'demo-i150-split', 'demo-i150-ping'])(
    'reads a silent stream whole: %s',
    async (model) => {
      const asked = scene().ask({ model, tokens: 8 });
      const answer = await openStream(scene(), { model: `${model}-t8`, content: 'rid=r9000x' });
      expect(await answer.finish()).toBe('whole');
      await asked.over;
      expect(asked.outcome).toBe('complete');
      expect(readAnswer(answer)).toMatchObject({ isDone: true, text: tokensOf('r9000x', 8) });
      const { comments, events } = answer.content;
      expect(comments.length).toBeGreaterThan(8);
      expect(new Set(comments)).toEqual(new Set([' ping']));
      const ids = events.slice(0, -1).map(({ data }) => (JSON.parse(data) as { readonly id: string }).id);
      expect(new Set(ids).size).toBe(1);
    },
  );

  it.each([
    ['demo-e400', BadRequestError, 400],
    ['demo-e404', NotFoundError, 404],
    ['demo-e500', InternalServerError, 502],
    ['demo-e429-rms500', RateLimitError, 429],
  ])('throws the class that belongs to a status: %s', async (model, type, status) => {
    const error = await thrownBy(model);
    expect(error).toBeInstanceOf(type);
    expect((error as APIError).status).toBe(status);
  });

  it.each([
    ['behind heartbeats', 'demo-f900-e500', 'upstream_error'],
    ['of Sluice behind heartbeats', 'demo-f900-html', 'upstream_malformed'],
    ['behind tokens', 'demo-i150-errev-k3', 'upstream_error'],
  ])('throws an error event %s: %s', async (_where, model, code) => {
    const error = await thrownBy(model);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ code });
  });

  it('is still served afterwards', async () => {
    expect(outcomesOf(await askMany(scene(), 5, { tokens: 5 }))).toEqual({ complete: 5 });
    await scene().expectInvariants();
  });

  const thrownBy = (model: string): Promise<unknown> =>
    scene()
      .client()
      .chat.completions.create({ ...bodyOf(`${model}-t5`, 'rid=r9000x'), stream: true })
      .then(textOf)
      .then(
        () => undefined,
        (error: unknown) => error,
      );
});

describe('F35 a request that kills every worker that runs it', () => {
  const scene = useScene({ ingresses: 1, workers: 5, config: { limits: { lease_ms: 4000 } } });

  it.each([
    ['before the first token', { model: 'demo-hang', tokens: 5 }, 'http error'],
    ['in the middle of its answer', { model: 'demo-i100', tokens: 400 }, 'error event'],
  ] as const)('%s: runs twice, then its client gets an error', async (_when, question, outcome) => {
    await scene().simulator.reset();
    const poison = scene().ask(question);
    for (let runs = 1; runs <= 2; runs++) {
      if (outcome === 'error event') await untilAllSpeak([poison]);
      await until(async () => (await scene().simulator.stats()).total === runs, {
        what: `run ${runs}`,
        timeoutMs: 10_000,
      });
      const victim = await untilBusy(scene());
      kill(scene(), victim);
      await victim.exited;
    }
    await poison.over;
    expect(poison).toMatchObject({ outcome, code: 'worker_lost' });
    const calls = (await scene().simulator.calls()).filter(({ body }) => body.includes(`rid=${poison.rid}`));
    expect(calls).toHaveLength(2);
  });

  it('leaves the fleet able to serve', async () => {
    expect(outcomesOf(await askMany(scene(), 20, { tokens: 5 }))).toEqual({ complete: 20 });
    await scene().expectInvariants();
  });
});
