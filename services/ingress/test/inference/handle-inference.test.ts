import type { Turn, Verdict } from '@sluice/admission';
import type { Config } from '@sluice/config';
import express, { type Response } from 'express';
import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Principal, setBodyHold, setContext, setObservation, setPrincipal } from '../../src/context.ts';
import { createOpenExchanges } from '../../src/inference/exchange/open-exchanges.ts';
import { type InferenceNeeds } from '../../src/inference/handle-inference.ts';
import { surfaces } from '../../src/inference/surfaces.ts';
import { handleError } from '../../src/middleware/handle-error.ts';
import { serve } from '../middleware/serving.ts';
import {
  configWith,
  costBounds,
  fakeAdmission,
  fakeMailboxes,
  fakeObservation,
  fakeQueue,
  principalWith,
  type QueueAnswers,
  refusal,
} from './fakes.ts';

const end = { events: 1, burntTokens: 0, usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } };

interface Over {
  readonly path?: string;
  readonly entry?: Partial<Config['models'][number]>;
  readonly principal?: Partial<Principal>;
  readonly verdict?: Verdict | Error;
  readonly queue?: QueueAnswers;
}

/** Sends a request to a gateway whose admission, queue and mailboxes are fakes. */
async function setUp(body: object, over: Over = {}) {
  const queue = fakeQueue(over.queue);
  const mailboxes = fakeMailboxes();
  const { admission, reserved, released } = fakeAdmission(over.verdict);
  const { observation, seen } = fakeObservation();
  const faults: unknown[] = [];
  const meters: string[] = [];
  const stored: string[] = [];
  const exchanges = createOpenExchanges({
    ...queue,
    ...mailboxes,
    accountLost: () => 0,
    roster: { members: () => ['w'] },
    onError: (error) => faults.push(error),
  });
  const needs: InferenceNeeds = {
    config: configWith(over.entry),
    admission,
    exchanges,
    ingressId: 'i',
    costBounds,
    metrics: {
      clientTooSlow: () => void meters.push('slow'),
      keySpent: () => undefined,
      streamOpened: () => void meters.push('opened'),
      streamClosed: () => void meters.push('closed'),
    },
    onInternal: (error) => faults.push(error),
    now: () => performance.now(),
  };
  const left = new AbortController();
  const bytes = Buffer.from(JSON.stringify(body));
  const app = express();
  app.use((request, response: Response, next) => {
    response.once('close', () => response.writableFinished || left.abort());
    setContext(response, { requestId: 'r', publicId: 'p', startedAt: performance.now(), signal: left.signal });
    setPrincipal(response, principalWith(over.principal));
    setObservation(response, observation);
    setBodyHold(response, {
      grow: () => undefined,
      stored: () => void stored.push('stored'),
      isStored: () => false,
      bytes: () => 0,
      release: () => undefined,
    });
    request.body = { bytes, value: JSON.parse(bytes.toString()) as unknown };
    next();
  });
  for (const { path, handler } of surfaces) app.post(path, handler(needs));
  app.use(handleError((error) => faults.push(error)));
  const port = await serve(app);
  const outgoing = httpRequest({ port, host: '127.0.0.1', method: 'POST', path: over.path ?? '/chat/completions' });
  outgoing.on('error', () => undefined);
  onTestFinished(() => void outgoing.destroy());
  outgoing.setHeader('content-length', 0);
  outgoing.end();
  return {
    ...queue,
    ...mailboxes,
    exchanges,
    reserved,
    released,
    seen,
    faults,
    meters,
    stored,
    leave: () => outgoing.destroy(),
    /** Waits until the request is in the queue. */
    async queued() {
      await expect.poll(() => stored.length).toBe(1);
    },
    async answer() {
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
      const { statusCode: status, headers } = response;
      let text = '';
      for await (const piece of response.setEncoding('utf8')) text += String(piece);
      return { status, headers, text };
    },
  };
}

const messages = [{ role: 'user', content: 'hi' }];
const answered = { upstream: 'u', model: 'm', attempts: 2 };

describe('a request to a model', () => {
  it('is resolved, shaped, admitted, run, answered and settled', async () => {
    const body = { model: 'mini', messages, max_tokens: 10 };
    const test = await setUp(body);
    const answer = test.answer();
    await test.queued();
    expect(test.bodies).toEqual([JSON.stringify(body)]);
    expect(test.jobs).toMatchObject([
      { requestId: 'r', epoch: 1, ingressId: 'i', tenant: 'key-id', model: 'mini', stream: false, operation: 'chat' },
    ]);
    expect([test.reserved.length, test.released, test.exchanges.size]).toEqual([1, [], 1]);
    test.deliver('started', { workerId: 'w' });
    test.deliver('answered', answered);
    test.deliver('data', '{"id":"c"}');
    test.deliver('end', end);
    const { status, headers, text } = await answer;
    expect([status, text]).toEqual([200, '{"id":"c"}']);
    expect(headers).toMatchObject({ 'x-sluice-upstream': 'u', 'x-sluice-attempts': '2', 'content-length': '10' });
    expect(test.seen).toEqual([
      'asked 1',
      'model mini m* false',
      'admitted 0',
      'queued',
      'started',
      'answered u',
      'data',
      'complete 1',
    ]);
    expect(test.released).toEqual([{ requests: 0, tokens: 7 - (test.reserved[0] ?? NaN) }]);
    expect([test.exchanges.size, test.meters, test.faults]).toEqual([0, [], []]);
  });

  it('is streamed event by event, and ends with [DONE]', async () => {
    const test = await setUp({ model: 'm', messages, stream: true });
    const answer = test.answer();
    await test.queued();
    expect(test.meters).toEqual(['opened']);
    test.deliver('started', { workerId: 'w' });
    test.deliver('answered', answered);
    test.deliver('data', 'data: {"id":"c"}\n\n');
    test.deliver('end', end);
    const { status, headers, text } = await answer;
    expect([status, headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(text).toBe('data: {"id":"c"}\n\ndata: [DONE]\n\n');
    expect(test.meters).toEqual(['opened', 'closed']);
  });

  it.each<[string, object, Over, number, string]>([
    ['has a wrong field', { model: 'm' }, {}, 400, 'missing_required_parameter'],
    ['names an unknown model', { model: 'x', messages }, {}, 404, 'model_not_found'],
    [
      'names a model that its key may not use',
      { model: 'm', messages },
      { principal: { models: ['n'] } },
      403,
      'model_not_allowed',
    ],
  ])('is not admitted when it %s', async (_what, body, over, status, code) => {
    const test = await setUp(body, over);
    const answer = await test.answer();
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code } });
    expect([test.reserved, test.jobs]).toEqual([[], []]);
  });

  it('is not queued when it is refused', async () => {
    const rates = { requests: { limit: 5, remaining: 0, resetMs: 700 }, tokens: undefined };
    const verdict = refusal({ reason: 'requests', rates });
    const test = await setUp({ model: 'm', messages }, { verdict });
    const { status, headers } = await test.answer();
    expect(status).toBe(429);
    expect(headers).toMatchObject({ 'retry-after-ms': '700', 'x-ratelimit-remaining-requests': '0' });
    expect([test.jobs, test.exchanges.size]).toEqual([[], 0]);
  });

  it('gives its lease and its tokens back when it cannot be queued', async () => {
    const test = await setUp(
      { model: 'm', messages, stream: true },
      { queue: { submit: () => Promise.reject(new Error('Command timed out')) } },
    );
    const { status, text } = await test.answer();
    expect([status, JSON.parse(text)]).toMatchObject([503, { error: { code: 'redis_unavailable' } }]);
    expect(test.released).toEqual([{ requests: 0, tokens: -(test.reserved[0] ?? NaN) }]);
    expect([test.stored, test.meters]).toEqual([[], ['opened', 'closed']]);
  });

  it('gets an HTTP error when its run fails before the first event, and is charged for the prompt', async () => {
    const test = await setUp({ model: 'm', messages, stream: true });
    const answer = test.answer();
    await test.queued();
    test.deliver('started', { workerId: 'w' });
    test.deliver('error', { error: { code: 'upstream_error', message: 'boom' }, attempts: 2, events: 0 });
    const { status, headers, text } = await answer;
    expect([status, headers['x-sluice-attempts']]).toEqual([502, '2']);
    expect(JSON.parse(text)).toMatchObject({ error: { message: 'boom' } });
    expect(test.released).toHaveLength(1);
    expect(test.released[0]?.tokens).toBeGreaterThan(-(test.reserved[0] ?? NaN));
  });

  it('gets an error event and no [DONE] when its run fails after the first event', async () => {
    const test = await setUp({ model: 'm', messages, stream: true });
    const answer = test.answer();
    await test.queued();
    test.deliver('started', { workerId: 'w' });
    test.deliver('data', 'data: {"id":"c"}\n\n');
    test.deliver('error', { error: { code: 'upstream_error', message: 'boom' }, attempts: 1, events: 1 });
    const { status, text } = await answer;
    expect(status).toBe(200);
    expect(text).toContain('"code":"upstream_error"');
    expect(text).not.toContain('[DONE]');
  });

  it('keeps its lease after its client has left until the worker confirms', async () => {
    const test = await setUp({ model: 'm', messages, stream: true });
    await test.queued();
    test.deliver('started', { workerId: 'w' });
    test.leave();
    await expect.poll(() => test.told).toEqual(['w cancel 1']);
    expect([test.seen.at(-1), test.released, test.meters]).toEqual(['cancelled', [], ['opened', 'closed']]);
    test.deliver('error', { error: { code: 'request_cancelled', message: '' }, attempts: 1, events: 4 });
    await expect.poll(() => test.released.length).toBe(1);
    expect(test.exchanges.size).toBe(0);
  });

  it('is resumed by another run when its worker is lost, and gets one answer', async () => {
    const test = await setUp({ model: 'm', messages, stream: true });
    const answer = test.answer();
    await test.queued();
    const chunk = (content: string): string =>
      `data: ${JSON.stringify({ id: 'c', created: 1, choices: [{ index: 0, delta: { content } }] })}\n\n`;
    test.deliver('started', { workerId: 'w' });
    test.deliver('data', chunk('one'));
    test.workers.lost('w');
    await expect.poll(() => test.jobs.length).toBe(2);
    expect(test.resumed).toMatchObject([{ content: 'one' }]);
    test.nextRun();
    test.deliver('started', { workerId: 'v' }, { epoch: 2 });
    test.deliver('data', chunk(' two'), { epoch: 2 });
    test.deliver('end', end, { epoch: 2 });
    expect((await answer).text).toBe(`${chunk('one')}${chunk(' two')}data: [DONE]\n\n`);
    expect(test.seen).toContain('rerun worker_lost');
    expect(test.released).toHaveLength(1);
  });

  it('gives its lease back without a run when its client leaves while it waits', async () => {
    const released: unknown[] = [];
    const lease = {
      mustWait: true,
      admitted: new Promise<Turn>(() => undefined),
      release: (correction: unknown) => void released.push(correction),
    };
    const rates = { requests: undefined, tokens: undefined };
    const test = await setUp(
      { model: 'm', messages, stream: true },
      { verdict: { kind: 'accepted', lease, rates, redisNow: 0 } },
    );
    await expect.poll(() => test.reserved.length).toBe(1);
    test.leave();
    await expect.poll(() => released.length).toBe(1);
    expect(released).toEqual([{ requests: 0, tokens: -(test.reserved[0] ?? NaN) }]);
    await expect.poll(() => test.seen.at(-1)).toBe('cancelled');
    expect([test.jobs, test.meters]).toEqual([[], []]);
  });

  it('is refused at once while Redis is away, and is not queued', async () => {
    const test = await setUp({ model: 'm', messages }, { verdict: new Error('Command timed out') });
    const { status, text } = await test.answer();
    expect([status, JSON.parse(text)]).toMatchObject([503, { error: { code: 'redis_unavailable' } }]);
    expect([test.jobs, test.exchanges.size, test.faults]).toEqual([[], 0, []]);
  });

  it('fails with 500 after a fault of ours, which is logged', async () => {
    const boom = new Error('boom');
    const test = await setUp({ model: 'm', messages }, { verdict: boom });
    const { status, text } = await test.answer();
    expect(status).toBe(500);
    expect(text).not.toContain('boom');
    expect(test.faults).toEqual([boom]);
  });

  it.each([
    [undefined, 'raw', true],
    ['raw', 'field', true],
    ['strip', 'raw', undefined],
  ] as const)(
    'uses the form of reasoning of its key (%s) before that of its model (%s)',
    async (ofKey, ofModel, keepsThinkingMarkup) => {
      const test = await setUp(
        { model: 'm', messages },
        { principal: { thinking: ofKey }, entry: { thinking: ofModel } },
      );
      await test.queued();
      expect(test.jobs[0]?.keepsThinkingMarkup).toBe(keepsThinkingMarkup);
    },
  );

  it('gets the number of dropped messages and of possible extensions in headers', async () => {
    const rounds = ['one', 'two', 'three'].flatMap((content) => [
      { role: 'user', content },
      { role: 'assistant', content },
    ]);
    const test = await setUp(
      { model: 'm', messages: [...rounds, ...messages], stream: true },
      { entry: { compressContext: { rounds: 1 }, autoContinue: 2 } },
    );
    const answer = test.answer();
    await test.queued();
    test.deliver('started', { workerId: 'w' });
    test.deliver('end', end);
    const { headers } = await answer;
    expect(headers['x-sluice-auto-continue']).toBe('2');
    expect(Number(headers['x-sluice-compressed-messages'])).toBeGreaterThan(0);
    expect(test.bodies[0]).not.toContain('one');
  });

  it('for embeddings takes the same steps, and gets a whole answer', async () => {
    const test = await setUp({ model: 'm', input: 'hi' }, { path: '/embeddings' });
    const answer = test.answer();
    await test.queued();
    expect(test.jobs).toMatchObject([{ operation: 'embeddings', stream: false }]);
    test.deliver('started', { workerId: 'w' });
    test.deliver('data', '{"object":"list"}');
    test.deliver('end', { ...end, usage: undefined });
    expect(await answer).toMatchObject({ status: 200, text: '{"object":"list"}' });
  });
});
