import type { FailureKind } from '@sluice/protocol';
import { providers } from '@sluice/providers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapters = [
  providers.openai.create({}),
  providers.azure.create({}),
  providers.anthropic.create({}),
  providers.gemini.create({}),
  providers.bailian.create({}),
  providers.bailian.create({ mode: 'compatible' }),
  providers.coze.create({}),
  providers.iflow.create({}),
  providers.ollama.create({}),
  providers.ollama.create({}, 'http://localhost:11434/v1'),
  providers.zai.create({}),
  providers['zai-web'].create({ signing_variant: 'none' }),
];

/** All shapes that an error may have, each with the same message. */
const shapes: Readonly<Record<string, (message: string) => string>> = {
  "OpenAI's": (message) => JSON.stringify({ error: { message, type: 'x', param: null, code: null } }),
  'an error that is a text': (message) => JSON.stringify({ error: message }),
  'a message': (message) => JSON.stringify({ message }),
  'a Message': (message) => JSON.stringify({ Message: message }),
  'a msg': (message) => JSON.stringify({ code: null, msg: message }),
  'an error_msg': (message) => JSON.stringify({ error_msg: message }),
  'a detail': (message) => JSON.stringify({ detail: message }),
  'a list of details': (message) => JSON.stringify({ detail: [{ loc: ['body'], msg: message, type: 'x' }] }),
  'a detail that is an object': (message) => JSON.stringify({ detail: { message } }),
  'a list of errors': (message) => JSON.stringify({ errors: [{ message }] }),
  'a list of texts': (message) => JSON.stringify({ errors: [message] }),
  'a list': (message) => JSON.stringify([{ error: { message } }]),
  'an error in an error': (message) => JSON.stringify({ error: { error: { message } } }),
  'an error in data': (message) => JSON.stringify({ data: { error: { message } } }),
  'JSON in a message': (message) => JSON.stringify({ message: JSON.stringify({ error: { message } }) }),
  'JSON after words': (message) =>
    JSON.stringify({ detail: `Error code: 400 - ${JSON.stringify({ error: { message } })}` }),
  'JSON in metadata': (message) =>
    JSON.stringify({ error: { message: 'Provider returned error', metadata: { raw: JSON.stringify({ message }) } } }),
  'JSON as a text': (message) => JSON.stringify(JSON.stringify({ error: { message } })),
  'a problem of RFC 9457': (message) => JSON.stringify({ type: 'about:blank', title: 'Problem', detail: message }),
  'a base_resp': (message) => JSON.stringify({ base_resp: { status_code: 1, status_msg: message } }),
  'an event': (message) => `event: error\ndata: ${JSON.stringify({ error: { message } })}\n\n`,
  'JSON with text after it': (message) => `${JSON.stringify({ error: { message } })}\n[DONE]`,
  'JSON after a byte order mark': (message) => `\uFEFF  ${JSON.stringify({ error: { message } })}`,
  'truncated JSON': (message) => JSON.stringify({ error: { message, more: 'x' } }).slice(0, -9),
  XML: (message) => `<?xml version="1.0"?><Error><Code>X</Code><Message>${message}</Message></Error>`,
  'plain text': (message) => message,
  'a page': (message) => `<!doctype html><html><head><title>${message}</title></head><body>no</body></html>`,
};

const meanings: readonly (readonly [number, string, FailureKind])[] = [
  [400, 'Content violates usage guidelines', 'content_policy'],
  [403, 'Your input was flagged for violence', 'content_policy'],
  [400, '输入内容包含敏感信息', 'content_policy'],
  [400, 'Insufficient balance', 'quota'],
  [403, '余额不足', 'quota'],
  [429, 'You exceeded your current quota', 'quota'],
  [400, 'The model x does not exist', 'not_found'],
  [422, 'no such model', 'not_found'],
  [400, 'prompt is too long', 'context_length'],
  [413, '上下文长度超出限制', 'context_length'],
  [402, 'whatever', 'quota'],
  [401, 'whatever', 'authentication'],
  [429, 'whatever', 'rate_limit'],
  [503, 'whatever', 'server'],
  [500, 'whatever', 'server'],
];

const failure = (adapter: (typeof adapters)[number], status: number, body: string) =>
  adapter.toFailure({ status, headers: { 'retry-after': '3' }, receivedAt: 0 }, body);

describe.each(Object.entries(shapes))('an error in the shape of %s', (_name, shape) => {
  it.each(meanings)('with status %i and the text "%s" is %s at every provider', (status, message, kind) => {
    for (const adapter of adapters) {
      const told = failure(adapter, status, shape(message));
      expect([adapter.type, told.kind]).toEqual([adapter.type, kind]);
      expect(told).toMatchObject({ status, retryAfterMs: 3000 });
      expect(told.message).toContain(message === 'whatever' ? '' : message);
    }
  });
});

describe('an error without a readable text', () => {
  const bodies: readonly string[] = [
    '',
    ' \n ',
    '{}',
    '[]',
    'null',
    '42',
    '""',
    '{"error":null}',
    '{"error":{}}',
    '{"error":[]}',
    '{"error":{"message":{}}}',
    '\u001f\ufffd\b\u0000\u0000\ufffd\ufffd\u0003\ufffd\ufffd',
    '\ufffd\ufffd\ufffd\ufffd',
    '[['.repeat(30_000),
    `${'{"error":'.repeat(6000)}1${'}'.repeat(6000)}`,
    '<html></html>',
  ];
  const kinds: readonly (readonly [number, FailureKind])[] = [
    [401, 'authentication'],
    [402, 'quota'],
    [429, 'rate_limit'],
    [500, 'server'],
    [503, 'server'],
  ];

  it.each(kinds)(
    "is classified by its status %i, has the wait of its header, and the gateway's own message",
    (status, kind) => {
      for (const adapter of adapters) {
        for (const body of bodies) {
          const told = failure(adapter, status, body);
          expect(told).toMatchObject({ kind, status, retryAfterMs: 3000 });
          expect(told.message).toMatch(/^[\u0020-\u007e]+$/);
          expect(told.message).not.toContain('<html');
          expect(told.message.length).toBeLessThanOrEqual(1000);
        }
      }
    },
  );

  it('never causes a throw, whatever its content', () => {
    const members = fc.constantFrom(
      'error',
      'message',
      'detail',
      'code',
      'errors',
      'details',
      'metadata',
      'param',
      'status',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.string({ maxLength: 20 }),
        fc.integer(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(members, tie('tree'), { maxKeys: 3 }),
      ),
    }));
    const texts = fc.oneof(
      fc.string({ maxLength: 100 }),
      tree.map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(texts, fc.integer({ min: 100, max: 999 }), fc.constantFrom(...adapters), (body, status, adapter) => {
        const told = failure(adapter, status, body);
        expect(told.message).not.toBe('');
        expect(told.status).toBe(status);
      }),
    );
  }, 30_000);

  it('is read fast enough for an event loop', () => {
    const hostile = [
      'a '.repeat(32_000),
      '"'.repeat(64_000),
      `{"message":"${'[{'.repeat(30_000)}"}`,
      '{"a":['.repeat(10_000),
      'account '.repeat(8000),
      `model ${'x'.repeat(60_000)}`,
      `{"message":"${'{\\"message\\":\\"'.repeat(3000)}"}`,
      JSON.stringify({ errors: Array.from({ length: 5000 }, (_, at) => ({ message: `m${at}` })) }),
      `try again in ${'1'.repeat(60_000)}`,
      `<${'a<title'.repeat(9000)}`,
    ];
    for (const body of hostile) {
      // The best of three: delays by other processes do not count.
      const times = [1, 2, 3].map(() => {
        const before = performance.now();
        failure(providers.openai.create({}), 400, body);
        return performance.now() - before;
      });
      expect([body.slice(0, 20), Math.min(...times) < 50]).toEqual([body.slice(0, 20), true]);
    }
  });
});

describe("a client's words that an error repeats", () => {
  const echoes = [
    'insufficient balance',
    'invalid api key',
    'exceeded your current quota',
    '余额不足',
    'account suspended',
    'your account is disabled',
  ];
  const sentences: readonly ((echo: string) => object)[] = [
    (echo) => ({ error: { message: `Invalid value: '${echo}'. Supported values are: 'auto'.` } }),
    (echo) => ({ error: { message: `Unknown tool "${echo}".` } }),
    (echo) => ({ error: { message: `Unknown tool \`${echo}\`.` } }),
    (echo) => ({ error: { message: `Bad schema: ${echo}`, param: 'tools[0]' } }),
    (echo) => ({ detail: [{ loc: ['body', 'tools', 0], msg: `Value error, ${echo}`, type: 'value_error' }] }),
    (echo) => ({ detail: [{ loc: ['body', 'tools', 0], msg: 'Value error', input: echo, type: 'value_error' }] }),
    (echo) => ({ error: { message: 'Tool call failed', code: 'tool_use_failed', failed_generation: echo } }),
  ];

  it.each(echoes)('never put a credential in cooldown: %s', (echo) => {
    for (const adapter of adapters) {
      for (const say of sentences) {
        for (const status of [400, 422]) {
          const told = failure(adapter, status, JSON.stringify(say(echo)));
          expect(['rate_limit', 'quota', 'authentication', 'permission']).not.toContain(told.kind);
        }
      }
    }
  });
});

describe('an error inside an answer of status 200', () => {
  const inner: readonly (readonly [object, FailureKind])[] = [
    [{ code: 401, message: 'x' }, 'authentication'],
    [{ code: 402, message: 'x' }, 'quota'],
    [{ code: '429', message: 'x' }, 'rate_limit'],
    [{ code: 503, message: 'x' }, 'server'],
    [{ code: 400, message: 'Your request exceeded model token limit: 8192' }, 'context_length'],
    [{ message: 'prompt is too long' }, 'context_length'],
    [{ message: 'Insufficient balance' }, 'quota'],
    [{ message: 'Your input was flagged for violence' }, 'content_policy'],
    [{ message: 'Rate limit exceeded' }, 'rate_limit'],
    [{ message: 'Incorrect API key provided' }, 'authentication'],
    [{ message: "model 'x' not found" }, 'not_found'],
    [{ message: 'out of luck' }, 'server'],
  ];
  const places: Readonly<Record<string, (error: object) => object>> = {
    coze: (error) => ({ ...error, code: 9, msg: Reflect.get(error, 'message') }),
    bailian: (error) => ({ ...error, code: 'X' }),
  };
  const usual = (error: object): object => ({ type: 'error', error });

  it.each(inner)('%j is %s at every provider, whole and streamed', (error, kind) => {
    for (const adapter of adapters) {
      const own = places[adapter.type];
      const isNative = own !== undefined && !(adapter.type === 'bailian' && adapter.framing === 'sse');
      // Their numbers are not HTTP statuses, and an unknown number is not retried.
      if (isNative && ('code' in error || kind === 'server')) continue;
      const body = JSON.stringify(isNative ? own(error) : usual(error));
      const whole = adapter.translateWhole(body, {}, plan());
      expect([adapter.type, whole.kind === 'failed' && whole.failure.kind]).toEqual([adapter.type, kind]);
      const stream = adapter.translateStream({}, plan());
      stream.push({ data: body, event: 'error' });
      expect([adapter.type, stream.state.kind === 'failed' && stream.state.failure.kind]).toEqual([adapter.type, kind]);
    }
  });
});
