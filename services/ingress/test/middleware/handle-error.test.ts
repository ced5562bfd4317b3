import { GatewayError } from '@sluice/protocol';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { setObservation } from '../../src/context.ts';
import { handleError } from '../../src/middleware/handle-error.ts';
import { fakeObservation } from '../inference/fakes.ts';
import { send, type Sent, serve } from './serving.ts';

/** Serves requests that all end with this error. */
async function setUp(thrown: unknown) {
  const { observation, seen } = fakeObservation();
  const internal: unknown[] = [];
  const app = express();
  app.use((_request, response, next) => {
    setObservation(response, observation);
    next();
  });
  app.all('/', () => {
    throw thrown;
  });
  app.get('/begun', (_request, response) => {
    response.writeHead(200).write('{"');
    throw thrown;
  });
  app.get('/models/:id', (_request, response) => void response.end());
  app.use(handleError((error) => internal.push(error)));
  return { port: await serve(app), seen, internal };
}

const ask = async (thrown: unknown, sent: Sent = { method: 'GET' }) => {
  const test = await setUp(thrown);
  return { ...test, ...(await send(test.port, sent)) };
};

describe('an error before an answer', () => {
  it("has OpenAI's envelope, the status of its code, and one observation", async () => {
    const error = new GatewayError('unsupported_parameter', { message: 'No.', param: 'seed' });
    const { status, json, headers, seen, internal } = await ask(error);
    expect([status, json]).toEqual([
      400,
      { error: { message: 'No.', type: 'invalid_request_error', param: 'seed', code: 'unsupported_parameter' } },
    ]);
    expect(headers['x-should-retry']).toBe('false');
    expect(seen).toEqual(['failed unsupported_parameter 400 undefined']);
    expect(internal).toEqual([]);
  });

  it.each([
    [undefined, undefined, undefined],
    [1, '1', '1'],
    [1000, '1', '1000'],
    [1200.4, '2', '1201'],
  ])('tells when to try again: %s ms', async (retryAfterMs, seconds, ms) => {
    const { headers } = await ask(new GatewayError('rate_limit_exceeded', { retryAfterMs }));
    expect([headers['retry-after'], headers['retry-after-ms']]).toEqual([seconds, ms]);
    expect(headers['x-should-retry']).toBe('true');
  });

  it('tells SDKs to wait no longer than they are able to', async () => {
    const { headers } = await ask(new GatewayError('rate_limit_exceeded', { retryAfterMs: 3_600_000 }));
    expect([headers['retry-after'], headers['retry-after-ms']]).toEqual(['60', '60000']);
  });

  it.each([
    ['an absent Redis', new Error('Command timed out'), 503, 'redis_unavailable', 0],
    ['a fault of ours', new Error('boom'), 500, 'internal_error', 1],
    ['a value that is not an error', 'boom', 500, 'internal_error', 1],
  ])('is made of %s', async (_what, thrown, status, code, faults) => {
    const test = await ask(thrown);
    expect([test.status, test.json.error?.code, test.internal.length]).toEqual([status, code, faults]);
    expect(test.json.error?.message).not.toContain('boom');
  });

  it('explains a path that cannot be decoded', async () => {
    const { status, json, internal } = await ask(new Error('unused'), { method: 'GET', path: '/models/%E0%A4%A' });
    expect([status, json.error?.code, internal]).toEqual([400, 'invalid_request', []]);
    expect(json.error?.message).toContain('"%" in its path');
  });

  it('is observed as a cancellation if the client has left', async () => {
    const { seen } = await ask(new GatewayError('request_cancelled'));
    expect(seen).toEqual(['cancelled']);
  });

  it.each<[string, Sent, string]>([
    ['is unread and large', { headers: { 'content-length': 1e9 }, isOpen: true }, 'close'],
    ['has no length', { headers: { 'transfer-encoding': 'chunked' }, body: ['x'], isOpen: true }, 'close'],
    [
      'is awaited with 100-continue',
      { headers: { expect: '100-continue', 'content-length': 5 }, isOpen: true },
      'close',
    ],
    ['is small', { headers: { 'content-length': 5 }, body: ['small'] }, 'keep-alive'],
  ])('keeps or ends the connection of a client whose body %s', async (_what, sent, connection) => {
    const headers = { connection: 'keep-alive', ...sent.headers };
    const answer = await ask(new GatewayError('invalid_api_key'), { ...sent, headers });
    expect([answer.status, answer.json.error?.code]).toEqual([401, 'invalid_api_key']);
    expect(answer.headers.connection).toBe(connection);
  });
});

describe('an error after the status line', () => {
  it('breaks the connection: the client must not take its answer for complete', async () => {
    const { port, seen } = await setUp(new GatewayError('upstream_error'));
    await expect(send(port, { method: 'GET', path: '/begun' })).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(seen).toEqual(['failed upstream_error 502 undefined']);
  });
});
