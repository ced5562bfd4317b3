import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';

/** A request that no server should accept. */
export interface HostileRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Each of these is wrong in its field, whatever the other fields are. */
const wrongFields: Readonly<Record<string, readonly unknown[]>> = {
  model: [7, null, '', [], {}],
  messages: ['hi', null, {}, [], [7], [null], [{}], [{ role: 'unknown', content: 'x' }], [{ role: 'user' }]],
  temperature: ['hot', -1, 99, [], {}],
  top_p: ['x', -0.1, 1.1, {}],
  n: [0, 1.5, 'two', 1e9, []],
  stream: ['yes', 1, [], {}],
  stop: [7, {}, ['a', 'b', 'c', 'd', 'e'], [1]],
  max_tokens: [-1, 'all', 0.5, {}],
  max_completion_tokens: [-1, 'all', []],
  presence_penalty: [3, -3, 'x'],
  frequency_penalty: [3, -3, 'x'],
  logit_bias: [7, 'x', { 1: 'x' }, { 1: 1000 }],
  logprobs: ['yes', 1],
  top_logprobs: [21, -1, 'x'],
  tools: ['x', {}, [7], [{ type: 'function' }], [{ type: 'function', function: {} }]],
  tool_choice: [7, {}, { type: 'function' }],
  response_format: ['json', 7, { type: 'json_schema' }, { type: 'json_schema', json_schema: {} }],
  stream_options: ['x', 7, []],
  metadata: ['x', 7, { a: 1 }, { a: { b: 'c' } }],
  seed: ['x', 0.5],
  user: [7, {}, []],
  parallel_tool_calls: ['x', 1],
};

const content = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 100 }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    '\u0000',
    '\ud800',
    '../../etc/passwd',
    '${jndi:ldap://x}',
    "'; FLUSHALL",
  ),
);
const decent = content.map((text) => ({ model: 'demo-t1', messages: [{ role: 'user', content: text }] }));

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const wrongField = fc
  .tuple(decent, fc.constantFrom(...Object.keys(wrongFields)), fc.nat())
  .map(([body, name, at]): Buffer => {
    const values = wrongFields[name] ?? [];
    return json({ ...body, [name]: values[at % values.length] });
  });
const twoWrongFields = fc
  .tuple(decent, fc.shuffledSubarray(Object.keys(wrongFields), { minLength: 2, maxLength: 6 }), fc.nat())
  .map(([body, names, at]): Buffer => {
    const wrong = names.map((name) => [name, wrongFields[name]?.[at % (wrongFields[name]?.length ?? 1)]]);
    return json({ ...body, ...Object.fromEntries(wrong) });
  });
const notAnObject = fc
  .oneof(
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true }),
    fc.string(),
    fc.array(fc.jsonValue(), { maxLength: 5 }),
  )
  .map(json);
const torn = fc.tuple(decent, fc.nat()).map(([body, at]): Buffer => {
  const whole = json(body);
  return whole.subarray(0, at % (whole.length - 1));
});
const spoilt = fc.tuple(decent, fc.nat(), fc.constantFrom(0xff, 0xc0, 0xed, 0x00)).map(([body, at, byte]): Buffer => {
  const whole = json(body);
  whole[at % whole.length] = byte;
  return Buffer.concat([whole, Buffer.from([0xff])]);
});
const deep = fc.integer({ min: 65, max: 5000 }).map((depth): Buffer => {
  const nest = '['.repeat(depth) + ']'.repeat(depth);
  return Buffer.from(`{"model":"demo","messages":[{"role":"user","content":"x"}],"x":${nest}}`);
});
const badBody = fc.oneof(
  { weight: 5, arbitrary: wrongField },
  { weight: 3, arbitrary: twoWrongFields },
  { weight: 1, arbitrary: notAnObject },
  { weight: 2, arbitrary: torn },
  { weight: 1, arbitrary: spoilt },
  { weight: 1, arbitrary: deep },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from([0xfe, ...bytes])),
  },
);

const chat = '/v1/chat/completions';

/** Requests that must all get a 4xx; `key` is a valid one, so that they get as far as they can. */
export function hostileRequests(key: string): fc.Arbitrary<HostileRequest> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const request = (over: Partial<HostileRequest>): HostileRequest => ({
    method: 'POST',
    path: chat,
    headers,
    body: Buffer.alloc(0),
    ...over,
  });
  const withBadBody = badBody.map((body) => request({ body }));
  const compressed = fc
    .tuple(badBody, fc.constantFrom('gzip', 'deflate', 'br', 'zstd', 'compress', 'gzip, gzip'), fc.boolean())
    .map(([body, encoding, isHonest]) =>
      request({
        headers: { ...headers, 'content-encoding': encoding },
        body: isHonest && encoding === 'gzip' ? gzipSync(body) : deflateRawSync(body).subarray(1),
      }),
    );
  const wrongKey = fc
    .tuple(decent, fc.stringMatching(/^[\x21-\x7e]{0,80}$/), fc.constantFrom('Bearer ', 'Basic ', 'bearer', ''))
    .map(([body, text, scheme]) =>
      request({ headers: { ...headers, authorization: `${scheme}x${text}` }, body: json(body) }),
    );
  const wrongModel = fc
    .tuple(decent, fc.stringMatching(/^[a-z/*?.-]{1,60}$/))
    .map(([body, name]) => request({ body: json({ ...body, model: `no-such-${name}` }) }));
  const wrongPlace = fc
    .tuple(fc.constantFrom('GET', 'PUT', 'DELETE', 'PATCH', 'POST'), fc.stringMatching(/^[\w%.~/-]{1,80}$/))
    .map(([method, path]) => request({ method, path: `/v1/nowhere/${path}` }));
  return fc.oneof(
    { weight: 12, arbitrary: withBadBody },
    { weight: 2, arbitrary: compressed },
    { weight: 2, arbitrary: wrongKey },
    { weight: 1, arbitrary: wrongModel },
    { weight: 1, arbitrary: wrongPlace },
  );
}
