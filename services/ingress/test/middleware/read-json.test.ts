import { request } from 'node:http';
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { Peek, Peeked } from '@sluice/admission';
import { until } from '@sluice/testkit';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { bodyStored } from '../../src/context.ts';
import { createKnownKeys } from '../../src/keys/known-keys.ts';
import { authenticate } from '../../src/middleware/authenticate.ts';
import { type BodyBudget, createBodyBudget } from '../../src/middleware/body-budget.ts';
import { handleError } from '../../src/middleware/handle-error.ts';
import {
  type BodyShape,
  createJsonReaders,
  embeddingsShape,
  takeJson,
  usualShape,
} from '../../src/middleware/read-json.ts';
import { requestId } from '../../src/middleware/request-id.ts';
import { createTokenBuckets } from '../../src/middleware/token-buckets.ts';
import { keyFor, noTokens, send, type Sent, serve } from './serving.ts';

const mebibyte = 1024 * 1024;
const nothing: Peeked = { refusal: undefined, rates: { requests: undefined, tokens: undefined } };

interface SetUp {
  readonly port: number;
  readonly budget: BodyBudget;
  /** Arguments of the questions about the key's limits. */
  readonly asked: Parameters<Peek>[0][];
  /** Answers of requests whose bodies are read and not stored yet. */
  readonly waiting: (() => void)[];
}

const team = { id: 'blue', name: 'blue', models: ['*'], limits: { rpm: 5 }, budgets: {} };

async function setUp(
  options: {
    peeked?: Peeked;
    refusedBodies?: number;
    perKeyBytes?: number;
    totalBytes?: number;
    holds?: boolean;
    shape?: BodyShape;
  } = {},
): Promise<SetUp> {
  const { peeked = nothing, refusedBodies = 1000, perKeyBytes = 10 * mebibyte, totalBytes = 12 * mebibyte } = options;
  const buckets = (burst: number) => createTokenBuckets({ perMinute: burst, burst, now: () => 0 });
  const budget = createBodyBudget({ perKeyBytes, totalBytes });
  const asked: Parameters<Peek>[0][] = [];
  const waiting: (() => void)[] = [];
  const app = express();
  const limited = { ...keyFor('').limits, concurrency: 5 };
  const keys = [
    keyFor('sk-one', { limits: limited }),
    keyFor('sk-two'),
    keyFor('sk-team', { team: 'blue' }),
    keyFor('', { name: 'anonymous', anonymous: 'without_key' }),
  ];
  app.use(
    requestId,
    authenticate({
      keys: createKnownKeys({ keys, teams: [team] }),
      tokens: noTokens,
      wrongKeys: buckets(1000),
      untilCompared: () => undefined,
    }),
  );
  app.post(
    '/',
    createJsonReaders({
      server: { maxBodyBytes: 8 * mebibyte, maxInflationRatio: 20, largeBodyBytes: 64 * 1024 },
      budget,
      refusedBodies: buckets(refusedBodies),
      peek: async (question) => {
        asked.push(question);
        return peeked;
      },
    })(options.shape ?? usualShape),
    (request, response) => {
      const { bytes, value } = takeJson(request);
      const answer = (): void => {
        bodyStored(response);
        response.json({ bytes: bytes.length, value: bytes.length < 1000 ? value : undefined });
      };
      if (options.holds === true) waiting.push(answer);
      else answer();
    },
  );
  app.use(handleError(() => undefined));
  return { port: await serve(app), budget, asked, waiting };
}

const json = { 'content-type': 'application/json' };
const as = (key: string): Record<string, string> => ({ ...json, authorization: `Bearer ${key}` });
const text = (bytes: number): string => JSON.stringify({ text: 'x'.repeat(bytes - 11) });
/** Returns text that compression hardly makes smaller. */
const noise = (bytes: number): string =>
  JSON.stringify({ text: Array.from({ length: bytes / 8 }, () => Math.random().toString(36).slice(2, 10)).join('') });
const whole = (body: string | Buffer, headers: Record<string, string> = as('sk-one')): Sent => ({
  headers: { ...headers, 'content-length': Buffer.byteLength(body) },
  body: [body],
});

describe('a body', () => {
  it.each<[string, (plain: string) => Buffer | string]>([
    ['identity', (plain) => plain],
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', (plain) => brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })],
    ['zstd', zstdCompressSync],
    ['GZIP', gzipSync],
  ])('is read in %s, with a length or in chunks', async (coding, compress) => {
    const { port, budget } = await setUp();
    const plain = JSON.stringify({ hello: 'wörld' });
    const headers = { ...as('sk-one'), 'content-encoding': coding };
    const body = Buffer.from(compress(plain));
    const expected = { bytes: Buffer.byteLength(plain), value: { hello: 'wörld' } };
    expect((await send(port, whole(body, headers))).json).toEqual(expected);
    const pieces = [body.subarray(0, 3), body.subarray(3)];
    expect((await send(port, { headers, body: pieces })).json).toEqual(expected);
    const large = Buffer.from(compress(noise(3 * mebibyte)));
    expect((await send(port, { headers, body: [large] })).status).toBe(200);
    await until(() => budget.held === 0, { what: 'the budget to be free' });
  });

  it.each<[string, Sent, number, string]>([
    ['whose declared length is too large', whole(text(8 * mebibyte + 1)), 413, 'request_too_large'],
    ['whose chunks are too large', { headers: as('sk-one'), body: [text(8 * mebibyte + 1)] }, 413, 'request_too_large'],
    [
      'that declares a length of 1 TB and never arrives',
      { headers: { ...as('sk-one'), 'content-length': 1e12 }, isOpen: true },
      413,
      'request_too_large',
    ],
    [
      'that inflates to more than 20 times its size',
      whole(gzipSync(text(2 * mebibyte)), { ...as('sk-one'), 'content-encoding': 'gzip' }),
      413,
      'request_too_large',
    ],
    [
      'that declares a large length and inflates to more than 20 times the received bytes',
      {
        headers: { ...as('sk-one'), 'content-encoding': 'br', 'content-length': mebibyte },
        body: [brotliCompressSync(text(7 * mebibyte))],
        isOpen: true,
      },
      413,
      'request_too_large',
    ],
    [
      'that is cut off',
      whole(gzipSync(noise(1000)).subarray(0, 500), { ...as('sk-one'), 'content-encoding': 'gzip' }),
      400,
      'invalid_encoding',
    ],
    [
      'that needs a large window',
      whole(Buffer.from('28b52ffd0098', 'hex'), { ...as('sk-one'), 'content-encoding': 'zstd' }),
      400,
      'invalid_encoding',
    ],
    [
      'in two codings',
      whole(gzipSync('{}'), { ...as('sk-one'), 'content-encoding': 'gzip, gzip' }),
      415,
      'unsupported_media_type',
    ],
    ['that is empty', { headers: { ...as('sk-one'), 'content-length': 0 } }, 400, 'invalid_json'],
    ['that is large and not an object', whole('x'.repeat(100_000)), 400, 'invalid_json'],
  ])('%s is refused', async (_, sent, status, code) => {
    const { port, budget } = await setUp();
    const answer = await send(port, sent);
    expect({ status: answer.status, code: answer.json.error?.code }).toEqual({ status, code });
    await until(() => budget.held === 0, { what: 'the budget to be free' });
  });

  it('may inflate to 1 MiB at any ratio', async () => {
    const { port } = await setUp();
    const sent = whole(brotliCompressSync(text(mebibyte)), { ...as('sk-one'), 'content-encoding': 'br' });
    expect((await send(port, sent)).json).toEqual({ bytes: mebibyte });
  });

  it('frees its part of the budget when its client leaves', async () => {
    const { port, budget } = await setUp();
    const outgoing = request({ port, host: '127.0.0.1', method: 'POST', agent: false });
    outgoing.on('error', () => undefined);
    for (const [name, value] of Object.entries(as('sk-one'))) outgoing.setHeader(name, value);
    outgoing.setHeader('content-length', 500_000);
    outgoing.write('{');
    await until(() => budget.held === 500_000, { what: 'the length to be reserved' });
    outgoing.destroy();
    await until(() => budget.held === 0, { what: 'the budget to be free' });
    expect(budget.held).toBe(0);
  });
});

describe('the content type', () => {
  it.each([
    ['application/json', 200],
    ['Application/JSON; charset=UTF-8', 200],
    ['application/json;charset="utf-8"', 200],
    ['application/json; charset=utf8', 200],
    ['application/vnd.api+json', 200],
    ['application/json; charset=latin1', 415],
    ['application/json; charset=utf-16', 415],
    ['text/plain', 415],
    ['text/plain; x=application/json', 415],
    ['multipart/form-data; boundary=x', 415],
    ['application/jsonp', 415],
    ['application/json, text/plain', 415],
    ['', 415],
  ])('%j gives %i', async (type, status) => {
    const { port } = await setUp();
    const { authorization = '' } = as('sk-one');
    for (const headers of [{ authorization, 'content-type': type }, { 'content-type': type }]) {
      const answer = await send(port, whole('{}', headers));
      expect(answer.status).toBe(status);
      if (status === 415) expect(answer.json.error?.message).toMatch(/JSON|UTF-8/);
    }
  });

  it('may be missing only if the request has a key', async () => {
    const { port } = await setUp();
    expect((await send(port, whole('{}', { authorization: 'Bearer sk-one' }))).status).toBe(200);
    expect((await send(port, whole('{}', {}))).status).toBe(415);
    // The default of curl's `-d`.
    const unnamed = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await send(port, whole('{}', { authorization: 'Bearer sk-one', ...unnamed }))).status).toBe(200);
    expect((await send(port, whole('{}', unnamed))).status).toBe(415);
  });
});

describe('the check of the shape', () => {
  const filled = (item: string, count: number): string => `{"input":[${Array(count).fill(item).join(',')}]}`;

  it.each<[string, BodyShape, string, number, number, string | undefined]>([
    ['allows a large chat', usualShape, '1234', 90_000, 200, undefined],
    ['refuses more elements than a chat has', usualShape, '1234', 100_000, 413, 'request_too_large'],
    ['allows 300,000 tokens to embed', embeddingsShape, '1234', 300_000, 200, undefined],
    ['refuses more tokens to embed', embeddingsShape, '1234', 400_000, 400, 'max_tokens_per_request'],
    ['refuses too many lists', embeddingsShape, '[]', 20_000, 413, 'request_too_large'],
    ['refuses too many objects', embeddingsShape, '{}', 20_000, 413, 'request_too_large'],
    ['refuses too many members', embeddingsShape, '{"a":1,"b":2,"c":3,"d":4}', 10_000, 413, 'request_too_large'],
    ['refuses too many levels', embeddingsShape, `${'['.repeat(70)}${']'.repeat(70)}`, 1, 400, 'json_too_deep'],
  ])('%s', async (_, shape, item, count, status, code) => {
    const { port } = await setUp({ shape });
    const answer = await send(port, whole(filled(item, count)));
    expect([answer.status, answer.json.error?.code]).toEqual([status, code]);
  });
});

describe('the budget', () => {
  it('bounds the bodies of one key, and of all keys', async () => {
    const { port, budget, waiting } = await setUp({ holds: true });
    const first = send(port, whole(text(6 * mebibyte)));
    await until(() => waiting.length === 1, { what: 'one body to be there' });
    const second = await send(port, whole(text(5 * mebibyte)));
    expect(second).toMatchObject({ status: 429, headers: { 'retry-after': '1', connection: 'close' } });
    expect(second.json.error?.code).toBe('concurrency_limit_exceeded');
    const chunked = await send(port, { headers: as('sk-one'), body: [text(5 * mebibyte)] });
    expect(chunked.status).toBe(429);

    const other = send(port, whole(text(5 * mebibyte), as('sk-two')));
    await until(() => waiting.length === 2, { what: 'two bodies to be there' });
    const tooMany = await send(port, whole(text(4 * mebibyte), as('sk-two')));
    expect(tooMany).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(tooMany.json.error?.code).toBe('server_overloaded');

    for (const answer of waiting.splice(0)) answer();
    expect([(await first).status, (await other).status]).toEqual([200, 200]);
    expect(budget.held).toBe(0);
  });

  it('counts the inflated size of a compressed body while it is read', async () => {
    const { port } = await setUp({ perKeyBytes: 2 * mebibyte });
    const sent = whole(gzipSync(noise(3 * mebibyte)), { ...as('sk-one'), 'content-encoding': 'gzip' });
    expect(await send(port, sent)).toMatchObject({ status: 429 });
  });
});

describe('the limits of a key', () => {
  const atLimit: Peeked = {
    refusal: { reason: 'requests', retryAfterMs: 2500 },
    rates: { requests: { limit: 10, remaining: 0, resetMs: 60_000 }, tokens: undefined },
  };

  it.each<[string, Sent, boolean]>([
    ['a small one', whole('{}'), false],
    ['one of 64 KiB', whole(text(64 * 1024)), false],
    ['a larger one', whole(text(64 * 1024 + 1)), true],
    ['a compressed one', whole(gzipSync('{}'), { ...as('sk-one'), 'content-encoding': 'gzip' }), true],
    ['one in chunks', { headers: as('sk-one'), body: ['{}'] }, true],
    ['a larger one of a team', whole(text(64 * 1024 + 1), as('sk-team')), true],
    ['a large one of a key without limits', whole(text(100_000), as('sk-two')), false],
  ])('are checked before a body is read, unless it is small and plain: %s', async (_, sent, isAsked) => {
    const { port, asked } = await setUp();
    expect((await send(port, sent)).status).toBe(200);
    expect(asked.length).toBe(isAsked ? 1 : 0);
  });

  it('refuse a request before its body arrives', async () => {
    const { port, budget } = await setUp({ peeked: atLimit });
    const answer = await send(port, { headers: { ...as('sk-one'), 'content-length': 5_000_000 }, isOpen: true });
    expect(answer).toMatchObject({
      status: 429,
      headers: {
        'retry-after': '3',
        'retry-after-ms': '2500',
        'x-ratelimit-limit-requests': '10',
        connection: 'close',
      },
      json: { error: { code: 'rate_limit_exceeded' } },
    });
    await until(() => budget.held === 0, { what: 'the budget to be free' });
  });

  it('refuse a request at a limit of its team', async () => {
    const { port, asked } = await setUp({ peeked: atLimit });
    const answer = await send(port, { headers: { ...as('sk-team'), 'content-length': 5_000_000 }, isOpen: true });
    expect(answer).toMatchObject({ status: 429, json: { error: { code: 'rate_limit_exceeded' } } });
    expect(asked).toMatchObject([{ keyId: 'team:blue', limits: team.limits }]);
  });

  it('refuse a client that waits for 100 Continue before it sends its body', async () => {
    const { port } = await setUp({ peeked: atLimit });
    const headers = { ...as('sk-one'), 'content-length': 100_000, expect: '100-continue' };
    expect(await send(port, { headers, isOpen: true })).toMatchObject({ status: 429 });
  });

  it('count the bodies that are being read', async () => {
    const { port, asked, waiting } = await setUp({ holds: true });
    const all = [0, 1, 2].map(() => send(port, whole(text(100_000))));
    await until(() => waiting.length === 3, { what: 'three bodies to be there' });
    expect(asked.map(({ reading }) => reading).toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
    for (const answer of waiting) answer();
    await Promise.all(all);
  });
});

describe('bodies that are read and then refused', () => {
  const bad = whole(gzipSync('{'), { ...as('sk-one'), 'content-encoding': 'gzip' });

  it('block further large bodies of the key after too many, but not small plain ones', async () => {
    const { port } = await setUp({ refusedBodies: 3 });
    for (let count = 0; count < 3; count++) expect((await send(port, bad)).status).toBe(400);
    await until(async () => (await send(port, bad)).status === 429, { what: 'the next one to be refused' });
    const refused = await send(port, bad);
    expect(refused.json.error?.code).toBe('rate_limit_exceeded');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await send(port, whole('{}'))).status).toBe(200);
    const other = whole(gzipSync('{}'), { ...as('sk-two'), 'content-encoding': 'gzip' });
    expect((await send(port, other)).status).toBe(200);
  });

  it('do not include stored ones', async () => {
    const { port } = await setUp({ refusedBodies: 3 });
    const good = whole(gzipSync('{}'), { ...as('sk-one'), 'content-encoding': 'gzip' });
    for (let count = 0; count < 10; count++) expect((await send(port, good)).status).toBe(200);
  });
});
