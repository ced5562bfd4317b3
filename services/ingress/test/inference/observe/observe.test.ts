import { GatewayError } from '@sluice/protocol';
import { type RequestLog, requestLogSchema } from '@sluice/records';
import { createLogger } from '@sluice/telemetry';
import express, { type Response } from 'express';
import { describe, expect, it } from 'vitest';
import { observationOf, setContext } from '../../../src/context.ts';
import type { Observation, ObserveNeeds } from '../../../src/inference/observe/observe.ts';
import { record } from '../../../src/middleware/record.ts';
import { createTotals } from '../../../src/totals.ts';
import { serve } from '../../middleware/serving.ts';

const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const answered = { upstream: 'u', model: 'm', attempts: 2 };

/** Observes a request; returns its log lines and the calls of its metrics. */
async function observed(act: (observation: Observation, clock: { ms: number }) => void) {
  const lines: Record<string, unknown>[] = [];
  const counted: string[] = [];
  const finished: Parameters<ObserveNeeds['metrics']['requestFinished']>[0][] = [];
  const logs: RequestLog[] = [];
  const totals = createTotals();
  const clock = { ms: 0 };
  const write = (text: string): void => void lines.push(JSON.parse(text) as Record<string, unknown>);
  const needs: ObserveNeeds = {
    metrics: {
      requestFinished: (request) => void finished.push(request),
      streamResumed: (outcome) => void counted.push(`resumed ${outcome}`),
      admitted: (waitMs) => void counted.push(`admitted ${waitMs}`),
      queueWaited: (waitMs) => void counted.push(`queue ${waitMs}`),
      resubmitted: (reason) => void counted.push(`resubmitted ${reason}`),
      refused: (reason, key) => void counted.push(`refused ${reason} ${key}`),
      clientAborted: () => void counted.push('aborted'),
    },
    logger: createLogger({ service: 'test', level: 'info', pretty: false, destination: { write } }),
    totals,
    trustTraceContext: false,
    requestLogs: { add: (log) => void logs.push(log) },
    now: () => clock.ms,
  };
  const app = express();
  app.use((_request, response: Response, next) => {
    const { signal } = new AbortController();
    setContext(response, { requestId: 'internal', publicId: 'public', startedAt: 0, signal });
    next();
  });
  app.use(record(needs, '/v1/chat/completions', 'chat'), (_request, response: Response) => {
    // Node marks a request as complete after it has called the handler.
    setImmediate(() => {
      act(observationOf(response), clock);
      response.end();
    });
  });
  const port = await serve(app);
  await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, { headers: { 'user-agent': 'agent' } });
  return { lines, counted, finished, totals, logs };
}

describe('an observation', () => {
  it('writes one line with all facts of a complete request', async () => {
    const { lines, counted, finished, totals } = await observed((observation, clock) => {
      observation.principal({ keyId: 'k', name: 'team', hint: 'sk-a…0001' });
      observation.model('mini', 'm*', true);
      observation.asked({ messageCount: 3, temperature: 0.5, maxTokens: 9 });
      observation.admitted(4);
      clock.ms = 10;
      observation.queued();
      clock.ms = 15;
      observation.started();
      observation.answered(answered);
      clock.ms = 40;
      observation.data(() => undefined);
      clock.ms = 100;
      observation.data(() => undefined);
      observation.complete({ events: 2, burntTokens: 0, usage });
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      request_id: 'public',
      internal_id: 'internal',
      key: 'sk-a…0001',
      key_name: 'team',
      model: 'mini',
      stream: true,
      message_count: 3,
      temperature: 0.5,
      max_tokens: 9,
      status: 200,
      outcome: 'complete',
      upstream: 'u',
      attempts: 2,
      duration_ms: 100,
      ttft_ms: 40,
      queue_wait_ms: 5,
      prompt_tokens: 5,
      completion_tokens: 2,
      user_agent: 'agent',
      client_ip: expect.stringContaining('127.0.0.1') as string,
    });
    expect(Object.keys(lines[0] ?? {})).not.toEqual(expect.arrayContaining(['resumptions', 'burnt_tokens', 'code']));
    expect(counted).toEqual(['admitted 4', 'queue 5']);
    expect(finished).toMatchObject([{ model: 'm*', upstream: 'u', key: 'team', outcome: 'complete', ttftMs: 40 }]);
    expect([totals.requests, totals.errors, totals.meanDurationMs]).toEqual([1, 0, 100]);
  });

  it.each([
    ['upstream_error', 'error', [], 1],
    ['rate_limit_exceeded', 'refused', ['refused rate_limit_exceeded team'], 0],
    ['draining', 'refused', ['refused draining team'], 0],
    ['queue_timeout', 'refused', ['refused queue_timeout team'], 0],
  ] as const)('counts a request that failed with %s as %s', async (code, outcome, counted, errors) => {
    const error = new GatewayError(code);
    const observation = await observed((known) => {
      known.principal({ keyId: 'k', name: 'team', hint: undefined });
      known.failed(error, { status: error.status, attempts: 3 });
    });
    expect(observation.lines).toMatchObject([{ code, outcome, status: error.status, attempts: 3 }]);
    expect(observation.counted).toEqual(counted);
    expect([observation.totals.requests, observation.totals.errors]).toEqual([1, errors]);
  });

  it('logs the last failure of an attempt', async () => {
    const { lines } = await observed((observation) =>
      observation.failed(new GatewayError('upstream_error'), {
        status: 502,
        failure: { kind: 'server_error', status: 503 },
      }),
    );
    expect(lines).toMatchObject([{ upstream_status: 503, failure_kind: 'server_error' }]);
  });

  it('counts a client that has left', async () => {
    const { lines, counted } = await observed((observation) => observation.cancelled());
    expect([lines[0]?.['status'], lines[0]?.['outcome'], counted]).toEqual([499, 'cancelled', ['aborted']]);
  });

  it.each<[string, (observation: Observation) => void]>([
    ['completion', (observation) => observation.complete({ events: 0, burntTokens: 0 })],
    ['failure', (observation) => observation.failed(new GatewayError('draining'), { status: 503 })],
    ['departure', (observation) => observation.cancelled()],
  ])('ends with the first end, and ignores a %s after it', async (_what, second) => {
    const { lines, counted, finished } = await observed((observation) => {
      observation.failed(new GatewayError('upstream_error'), { status: 502 });
      second(observation);
    });
    expect([lines.length, finished.length, counted]).toEqual([1, 1, []]);
    expect(lines[0]).toMatchObject({ code: 'upstream_error' });
  });

  it('counts repeated runs, and those that resume an answer', async () => {
    const { lines, counted } = await observed((observation, clock) => {
      observation.queued();
      observation.started();
      observation.rerun('upstream_error', false);
      clock.ms = 7;
      observation.rerun('worker_lost', true);
      clock.ms = 10;
      observation.started();
      observation.complete({ events: 1, burntTokens: 4 });
    });
    expect(lines).toMatchObject([{ resumptions: 1, queue_wait_ms: 3, burnt_tokens: 4 }]);
    expect(counted).toEqual([
      'queue 0',
      'resubmitted upstream_error',
      'resubmitted worker_lost',
      'queue 3',
      'resumed complete',
    ]);
  });

  it('counts an unlogged request, and writes no line for it', async () => {
    const { lines, finished } = await observed((observation) => {
      observation.unlogged();
      observation.failed(new GatewayError('invalid_api_key'), { status: 401 });
    });
    expect([lines, finished.length]).toEqual([[], 1]);
  });

  it('writes the request log when the response is closed', async () => {
    const { logs } = await observed((observation, clock) => {
      clock.ms = 1;
      observation.principal({ keyId: 'k', name: 'team', hint: undefined });
      clock.ms = 3;
      observation.model('mini', 'm*', true);
      observation.dropped(2);
      clock.ms = 6;
      observation.admitted(1);
      observation.queued();
      clock.ms = 10;
      observation.started();
      observation.answered({ ...answered, continuations: 1 });
      clock.ms = 40;
      observation.data(() => undefined);
      clock.ms = 99;
      observation.data(() => undefined);
      observation.complete({ events: 2, burntTokens: 0, usage });
      clock.ms = 100;
    });
    const [log] = logs;
    expect(requestLogSchema.parse(log)).toEqual(log);
    expect(log).toMatchObject({
      id: 'internal',
      publicId: 'public',
      operation: 'chat',
      keyId: 'k',
      keyName: 'team',
      model: 'mini',
      stream: true,
      status: 200,
      outcome: 'complete',
      upstream: 'u',
      attempts: 2,
      continuations: 1,
      droppedMessages: 2,
      userAgent: 'agent',
      durationMs: 100,
      timeline: { auth: 1, body: 2, admission: 3, queue: 4, attempts: 30, stream: 59, relay: 0, client: 1 },
    });
  });

  it("counts the way of the worker's report, of the first and of the last piece", async () => {
    const { logs } = await observed((observation, clock) => {
      const ago = (ms: number): number => Date.now() - ms;
      observation.principal({ keyId: 'k', name: 'team', hint: undefined });
      observation.model('mini', 'm*', true);
      observation.admitted(0);
      clock.ms = 1000;
      observation.started(ago(300));
      clock.ms = 2000;
      observation.data(() => ago(100));
      clock.ms = 3000;
      observation.data(() => ago(900));
      observation.complete({ events: 2, burntTokens: 0 }, ago(200));
    });
    const { queue = 0, attempts = 0, stream = 0, relay = 0 } = logs[0]?.timeline ?? {};
    // The clock of the machine does not stop between the calls.
    expect([queue, attempts, stream, relay].map((ms) => Math.round(ms / 50) * 50)).toEqual([700, 1200, 800, 300]);
    expect(queue + attempts + stream + relay).toBeCloseTo(3000, 3);
  });

  it('ends when the answer is taken, although its connection closes later', async () => {
    const { logs } = await observed((observation, clock) => {
      observation.failed(new GatewayError('request_too_large'), { status: 413 });
      clock.ms = 5;
      observation.taken();
      clock.ms = 1000;
    });
    expect(logs).toMatchObject([{ durationMs: 5, timeline: { client: 5 } }]);
  });

  it.each([
    ['invalid_api_key', 'error', 'client'],
    ['rate_limit_exceeded', 'refused', 'client'],
    ['upstream_timeout', 'error', 'upstream'],
    ['redis_unavailable', 'refused', 'operator'],
  ] as const)('says who caused %s, in the words of the client without secrets', async (code, outcome, blame) => {
    const error = new GatewayError(code, { message: 'Not with sk-live-0123456789.' });
    const { logs } = await observed((observation) => observation.failed(error, { status: error.status }));
    expect(logs).toMatchObject([{ code, outcome, blame, status: error.status, error: 'Not with [redacted].' }]);
  });

  it('keeps no request log of a flood', async () => {
    const { logs } = await observed((observation) => {
      observation.unlogged();
      observation.failed(new GatewayError('rate_limit_exceeded'), { status: 429 });
    });
    expect(logs).toEqual([]);
  });
});
