import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers.gemini.create({});

interface Call {
  readonly id: string;
  readonly function: { readonly name: string; readonly arguments: string };
}

const end = { candidates: [{ finishReason: 'STOP' }], usageMetadata: { candidatesTokenCount: 1 } };
const part = (functionCall: object, more: object = {}): object => ({ functionCall, ...more });
const event = (...parts: readonly object[]): object => ({ candidates: [{ content: { parts } }] });

function streamed(events: readonly object[]) {
  const translator = adapter.translateStream({}, plan({ requestId: 'r' }));
  const text = events.map((each) => translator.push({ data: JSON.stringify(each) })).join('') + translator.end();
  const chunks = text.split('\n\n').flatMap((each) => (each === '' ? [] : [JSON.parse(each.slice(6)) as Chunk]));
  const calls = chunks.flatMap(({ choices }) => choices.flatMap(({ delta }) => delta.tool_calls ?? []));
  return { calls, state: translator.state, heartbeats: translator.heartbeats };
}
interface Chunk {
  readonly choices: readonly { readonly delta: { readonly tool_calls?: readonly Call[] } }[];
}

function whole(parts: readonly object[], finishReason = 'STOP') {
  const answer = { candidates: [{ content: { parts }, finishReason }] };
  const translated = adapter.translateWhole(JSON.stringify(answer), {}, plan({ requestId: 'r' }));
  if (translated.kind === 'failed') return { failure: translated.failure };
  const { choices } = JSON.parse(translated.text) as { choices: { message: { tool_calls?: Call[] } }[] };
  return { calls: choices[0]?.message.tool_calls ?? [] };
}

/** Returns the calls of these parts, in a whole answer and in a stream with one event per part. */
function bothWays(...parts: readonly object[]): readonly (readonly [string, string, string])[] {
  const { calls, state } = streamed([...parts.map((each) => event(each)), end]);
  expect(state).toMatchObject({ kind: 'complete', summary: { finishReason: 'tool_calls' } });
  const plain = (list: readonly Call[]) =>
    list.map(({ id, function: called }) => [id, called.name, called.arguments] as const);
  expect(plain(whole(parts).calls ?? [])).toEqual(plain(calls));
  return plain(calls);
}

const piece = (jsonPath: string, value: object, more: object = {}): object => ({ jsonPath, ...value, ...more });
const unfinished = { willContinue: true };

describe('a Gemini call whose arguments come in pieces', () => {
  it('is one call, with its texts joined', () => {
    expect(
      bothWays(
        part({ name: 'weather', ...unfinished }, { thoughtSignature: 'sig' }),
        part({ partialArgs: [piece('$.city', { stringValue: 'New ' }, unfinished)], ...unfinished }),
        part({ partialArgs: [piece('$.city', { stringValue: 'Delhi' })], ...unfinished }),
        part({
          partialArgs: [piece('$.days', { numberValue: 3 }), piece('$.now', { boolValue: false })],
          ...unfinished,
        }),
        part({}),
      ),
    ).toEqual([['call_r_0', 'weather', '{"city":"New Delhi","days":3,"now":false}']]);
  });

  it('keeps the signature of its first piece', () => {
    const { calls } = streamed([
      event(part({ name: 'f', ...unfinished }, { thoughtSignature: 'sig' })),
      event(part({})),
      end,
    ]);
    expect(calls).toMatchObject([{ extra_content: { google: { thought_signature: 'sig' } } }]);
  });

  it.each<[string, readonly object[], string]>([
    ['$.a.b[0].c', [piece('$.a.b[0].c', { stringValue: 'x' })], '{"a":{"b":[{"c":"x"}]}}'],
    ['lists', [0, 1].map((at) => piece(`$.l[${at}]`, { numberValue: at })), '{"l":[0,1]}'],
    ['names in brackets', [piece(`$['a b']["c\\"d"]`, { stringValue: '' })], '{"a b":{"c\\"d":""}}'],
    ['null', [piece('$.n', { nullValue: 'NULL_VALUE' })], '{"n":null}'],
    [
      'names like integers, in their order',
      ['b', '2', '1'].map((n) => piece(`$['${n}']`, { boolValue: true })),
      '{"b":true,"2":true,"1":true}',
    ],
    ['__proto__', [piece('$.__proto__.x', { numberValue: 1 })], '{"__proto__":{"x":1}}'],
    ['no arguments', [], '{}'],
  ])('may contain %s', (_what, partialArgs, text) => {
    expect(bothWays(part({ name: 'f', partialArgs, ...unfinished }), part({}))).toEqual([['call_r_0', 'f', text]]);
  });

  it('is distinguished from other calls, which may repeat its name or have an id', () => {
    const arg = (name: string, stringValue: string): object => ({ partialArgs: [piece(`$.${name}`, { stringValue })] });
    expect(
      bothWays(
        part({ name: 'f', ...arg('a', '1'), ...unfinished }),
        part({ name: 'f', ...arg('b', '2') }),
        part({ name: 'f', args: { plain: 1 } }),
        part({ id: 'x', name: 'g', ...unfinished }),
        part({ id: 'y', name: 'g', ...unfinished }),
        part({ id: 'x', ...arg('a', 'x') }),
        part({ id: 'y', ...arg('a', 'y') }),
      ),
    ).toEqual([
      ['call_r_0', 'f', '{"a":"1","b":"2"}'],
      ['call_r_1', 'f', '{"plain":1}'],
      ['x', 'g', '{"a":"x"}'],
      ['y', 'g', '{"a":"y"}'],
    ]);
  });

  it('counts as a heartbeat while it grows', () => {
    const grow = part({ partialArgs: [piece('$.a', { stringValue: 'x' }, unfinished)], ...unfinished });
    expect(streamed([event(part({ name: 'f', ...unfinished })), event(grow), event(grow)]).heartbeats).toBe(3);
  });

  it.each<[string, readonly object[]]>([
    ['has no end', [part({ name: 'f', partialArgs: [piece('$.a', { stringValue: 'x' }, unfinished)], ...unfinished })]],
    ['has no name', [part({ partialArgs: [piece('$.a', { stringValue: 'x' })] })]],
    ['is interrupted by another', [part({ name: 'f', ...unfinished }), part({ name: 'g' })]],
    ['has a path without a value', [part({ name: 'f', partialArgs: [piece('$.a[*]', { stringValue: 'x' })] })]],
    ['leaves a gap in a list', [part({ name: 'f', partialArgs: [piece('$.a[1]', { stringValue: 'x' })] })]],
    [
      'continues a number',
      [part({ name: 'f', partialArgs: [piece('$.a', { numberValue: 1 }), piece('$.a.b', { numberValue: 1 })] })],
    ],
    [
      'is nested too deeply',
      [part({ name: 'f', partialArgs: [piece(`$${'.a'.repeat(50_000)}`, { numberValue: 1 })] })],
    ],
    [
      'has too many elements',
      [
        part({
          name: 'f',
          partialArgs: Array.from({ length: 10_001 }, (_, at) => piece(`$.a${at}`, { numberValue: 1 })),
        }),
      ],
    ],
  ])('that %s fails', (_what, parts) => {
    const failure = { kind: 'malformed' };
    expect(streamed([...parts.map((each) => event(each)), end]).state).toMatchObject({ kind: 'failed', failure });
    expect(whole(parts)).toMatchObject({ failure });
  });

  it('is omitted from an answer cut by its length', () => {
    const cut = part({ name: 'f', partialArgs: [piece('$.a', { stringValue: 'x' }, unfinished)], ...unfinished });
    const max = { candidates: [{ finishReason: 'MAX_TOKENS' }] };
    const { calls, state } = streamed([event({ text: 'a' }), event(cut), max]);
    expect(calls).toEqual([]);
    expect(state).toMatchObject({ kind: 'complete', summary: { finishReason: 'length' } });
    expect(whole([cut], 'MAX_TOKENS').calls).toEqual([]);
  });

  it('is distinct from another call with the same id', () => {
    const twice = [part({ id: 'a', name: 'f', args: { n: 1 } }), part({ id: 'a', name: 'f', args: { n: 2 } })];
    expect(bothWays(...twice)).toEqual([
      ['a', 'f', '{"n":1}'],
      ['a_2', 'f', '{"n":2}'],
    ]);
  });
});
