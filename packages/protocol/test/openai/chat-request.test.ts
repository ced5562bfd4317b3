import { GatewayError, parseChatRequest } from '@sluice/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { chatRequestSchema } from '../../src/openai/chat-parameters.ts';
import { documented, samplesOf } from './document.ts';
import { minimal, refusalOf } from './refusal-of.ts';

const everything = {
  ...Object.fromEntries(Object.entries(documented).map(([param, schema]) => [param, samplesOf(schema).at(-1)])),
  model: 'gpt-4o-mini',
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] },
    { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'x', arguments: '{}' } }] },
    { role: 'tool', content: '21 °C', tool_call_id: 'call_1' },
  ],
  functions: [{ name: 'x' }],
  function_call: 'auto',
  tools: [{ type: 'function', function: { name: 'x', parameters: { type: 'object', properties: {} } } }],
  tool_choice: { type: 'function', function: { name: 'x' } },
  logprobs: true,
  stream: true,
};

/** Parses JSON with `__proto__` as an own field. */
const withOwnProto = (fields: string) => JSON.parse(`{"__proto__":{"polluted":true,"model":"m"},${fields}}`) as object;

describe('a chat request', () => {
  it('is returned itself, not as a copy', () => {
    expect(parseChatRequest(everything)).toBe(everything);
  });

  it.each([undefined, null, 5, 'text', true, []])('is not %j', (body) => {
    expect(refusalOf(body)).toEqual({
      code: 'invalid_request',
      param: undefined,
      message: 'The request body must be a JSON object.',
    });
  });

  it('keeps unknown fields, at every level', () => {
    const extra = { anything: [1, { goes: null }] };
    const body = {
      ...minimal,
      ...extra,
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Hi', ...extra }], ...extra },
        {
          role: 'assistant',
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'x', arguments: '', ...extra }, ...extra }],
          ...extra,
        },
      ],
      tools: [{ type: 'function', function: { name: 'x', ...extra }, ...extra }],
      response_format: { type: 'json_schema', json_schema: { name: 'x', ...extra }, ...extra },
      audio: { voice: { id: 'x', ...extra }, format: 'mp3', ...extra },
      stream: true,
      stream_options: { ...extra },
    };
    const before = structuredClone(body);
    expect(parseChatRequest(body)).toEqual(before);
  });

  it('is refused with the name of the first wrong field, in the order of the parameters', () => {
    expect(refusalOf({ ...minimal, top_p: 5, temperature: 5, n: 5.5 })?.param).toBe('n');
  });

  it('is quoted with at most 64 characters', () => {
    const secret = 'x'.repeat(63) + 'y'.repeat(100_000);
    expect(refusalOf({ ...minimal, tool_choice: secret })?.message).toBe(
      `Invalid value: '${'x'.repeat(63)}…'. Supported values are: 'none', 'auto', and 'required'.`,
    );
    expect(refusalOf({ ...minimal, logit_bias: { [secret]: 'no' } })?.param).toBe(`logit_bias.${'x'.repeat(63)}…`);
  });

  it('is quoted as well-formed text', () => {
    expect(refusalOf({ ...minimal, tool_choice: '🙂'.repeat(40) })?.message).toContain(`${'🙂'.repeat(31)}\ufffd…`);
  });
});

describe('a hostile body', () => {
  const nested = JSON.parse('['.repeat(10_000) + ']'.repeat(10_000)) as unknown;

  it.each<[what: string, body: object, code: string | undefined]>([
    ['nested in an unknown field', { ...minimal, x: nested }, undefined],
    [
      "nested in a function's parameters",
      { ...minimal, tools: [{ type: 'function', function: { name: 'x', parameters: { nested } } }] },
      undefined,
    ],
    ['nested instead of a text', { ...minimal, model: nested }, 'invalid_type'],
    ['nested content', { ...minimal, messages: [{ role: 'user', content: nested }] }, 'invalid_type'],
    [
      '200,000 bad messages',
      { ...minimal, messages: Array.from({ length: 200_000 }, () => ({})) },
      'array_above_max_length',
    ],
    [
      '200,000 bad parts',
      { ...minimal, messages: [{ role: 'user', content: Array.from({ length: 200_000 }, () => 5) }] },
      'array_above_max_length',
    ],
    [
      '200,000 bad tool calls',
      { ...minimal, messages: [{ role: 'assistant', tool_calls: Array.from({ length: 200_000 }, () => 5) }] },
      'array_above_max_length',
    ],
    [
      '200,000 bad stop sequences',
      { ...minimal, stop: Array.from({ length: 200_000 }, () => 5) },
      'array_above_max_length',
    ],
    [
      'the maximum number of bad parts',
      {
        ...minimal,
        messages: Array.from({ length: 2000 }, () => ({ role: 'user', content: [{ type: 'text' }, { type: 'text' }] })),
      },
      'missing_required_parameter',
    ],
    [
      '200,000 unknown fields',
      { ...minimal, ...Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`k${i}`, i])), n: 'bad' },
      'invalid_type',
    ],
  ])('takes no more than milliseconds: %s', (_what, body, code) => {
    const runsMs = Array.from({ length: 5 }, () => {
      const startedAt = performance.now();
      expect(refusalOf(body)?.code).toBe(code);
      return performance.now() - startedAt;
    });
    expect(Math.min(...runsMs)).toBeLessThan(15);
  });

  it('does not reach the fields of its __proto__', () => {
    expect(refusalOf(withOwnProto('"messages":[]'))?.param).toBe('model');
  });

  it('pollutes nothing with an own __proto__', () => {
    const body = withOwnProto(
      '"model":"m","messages":[{"role":"user","content":"x","__proto__":{"role":"system"}}],"metadata":{"__proto__":"x"}',
    );
    const [message] = parseChatRequest(body).messages;
    expect(message?.role).toBe('user');
    expect(Object.getPrototypeOf(body)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
  });
});

describe('any JSON at all', () => {
  const json = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('text', 'function', 'user', 5, null, [], {}, [{}], { type: 'text' }),
  );
  const params = Object.entries(documented).map(
    ([param, schema]) => [param, fc.oneof(fc.constantFrom(...samplesOf(schema)), json)] as const,
  );
  const loose = fc.record(Object.fromEntries(params), { requiredKeys: ['model', 'messages'] });
  const damaged = fc
    .tuple(fc.nat(), json)
    .map(([which, value]) => replaced(structuredClone(everything), { which, value }));

  it('is accepted, or refused with status 400', () => {
    fc.assert(
      fc.property(fc.oneof(json, loose, damaged), (body) => {
        try {
          parseChatRequest(body);
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError);
          expect(error).toMatchObject({ status: 400 });
          const { param, message } = error as GatewayError;
          expect(typeof (param ?? '')).toBe('string');
          expect(message.length).toBeLessThan(500);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the same result with the compiled schema and with zod', () => {
    const compiled = z.compile(chatRequestSchema, { strict: true });
    fc.assert(
      fc.property(fc.oneof(loose, damaged), (body) => {
        expect(z.validate(compiled, body)).toBe(chatRequestSchema.safeParse(body).success);
      }),
      { numRuns: 2000 },
    );
  });
});

/** Replaces the n-th of all values below a root, modulo their number. */
function replaced(root: object, { which, value }: { which: number; value: unknown }): object {
  const places = placesBelow(root);
  const place = places[which % places.length];
  if (place !== undefined) Object.defineProperty(place.parent, place.key, { value, enumerable: true });
  return root;
}

function placesBelow(parent: object): { parent: object; key: string }[] {
  return Object.entries(parent).flatMap(([key, value]: [string, unknown]) => [
    { parent, key },
    ...(typeof value === 'object' && value !== null ? placesBelow(value) : []),
  ]);
}
