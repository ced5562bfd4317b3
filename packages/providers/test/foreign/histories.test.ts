import { fitRequest, type ProviderAdapter, providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';
import { untyped } from '../body.ts';

const adapters: Readonly<Record<string, ProviderAdapter>> = {
  gemini: providers.gemini.create({}),
  anthropic: providers.anthropic.create({}),
  ollama: providers.ollama.create({}),
  coze: providers.coze.create({}),
  bailian: providers.bailian.create({}),
  'zai-web': providers['zai-web'].create({ signing_variant: 'none' }),
};

const user = (content: string): object => ({ role: 'user', content });

function sent(adapter: ProviderAdapter, messages: readonly object[]): string {
  const fitted = fitRequest(untyped({ messages }), adapter, { model: 'm', dropUnsupported: false });
  if (fitted.kind !== 'fits') throw new Error(fitted.failure.message);
  return String(adapter.toUpstream(fitted.body, plan()).body);
}

describe.each(Object.entries(adapters))('a history at %s', (_type, adapter) => {
  it.each([
    { role: 'assistant', content: null },
    { role: 'assistant', content: null, refusal: null, tool_calls: [] },
    { role: 'assistant', content: '' },
    { role: 'assistant', content: [{ type: 'text', text: '' }] },
  ])('may contain an empty answer: %j', (nothing) => {
    const without = sent(adapter, [user('a'), user('b')]);
    expect(sent(adapter, [user('a'), nothing, user('b')])).toBe(without);
    expect(sent(adapter, [user('a'), user('b'), nothing])).toBe(without);
  });

  it('keeps a refusal, in a part or beside a text', () => {
    const refusal = { type: 'refusal', refusal: 'I refuse.' };
    const text = sent(adapter, [
      user('a'),
      { role: 'assistant', content: 'Well,', refusal: 'I decline.' },
      user('b'),
      { role: 'assistant', content: [refusal] },
      user('c'),
    ]);
    for (const word of ['Well,', 'I decline.', 'I refuse.']) expect(text).toContain(word);
  });

  it.each<[string, object]>([
    ['messages[1].audio', { role: 'assistant', content: 'x', audio: { id: 'a' } }],
    ['messages[1].content[0]', { role: 'user', content: [{ type: 'hologram', text: 'x' }] }],
    ['messages[1].content[0]', { role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }],
  ])('is refused with the name of an unsupported field: %s', (param, message) => {
    const fitted = fitRequest(untyped({ messages: [user('a'), message, user('b')] }), adapter, {
      model: 'm',
      dropUnsupported: false,
    });
    expect(fitted).toMatchObject({ kind: 'unsupported', failure: { param } });
  });
});

describe('calls of other kinds', () => {
  it.each(['gemini', 'anthropic', 'ollama', 'bailian', 'zai-web'])('are reported as unsupported by %s', (type) => {
    const call = { id: '1', type: 'custom', custom: { name: 'f', input: 'x' } };
    const body = untyped({ messages: [user('a'), { role: 'assistant', tool_calls: [call] }, user('b')] });
    const fitted = fitRequest(body, adapters[type] as ProviderAdapter, { model: 'm', dropUnsupported: false });
    const param = expect.stringMatching(/^messages\[1\]\.tool_calls(?:\[0\])?$/) as unknown;
    expect(fitted).toMatchObject({ kind: 'unsupported', failure: { param } });
  });
});

describe('two parallel calls with one id', () => {
  const openai = (n: number): object => ({
    id: 'same',
    type: 'function',
    function: { name: `f${n}`, arguments: `{"n":${n}}` },
  });
  const history = [
    user('a'),
    { role: 'assistant', content: null, tool_calls: [openai(1), openai(2)] },
    { role: 'tool', tool_call_id: 'same', content: 'first' },
    { role: 'tool', tool_call_id: 'same', content: 'second' },
  ];

  it('receive their results in order if ids are names', () => {
    const { messages } = JSON.parse(sent(adapters['ollama'] as ProviderAdapter, history)) as { messages: object[] };
    expect(messages.slice(2)).toEqual([
      { role: 'tool', content: 'first', tool_name: 'f1' },
      { role: 'tool', content: 'second', tool_name: 'f2' },
    ]);
  });

  const answers: Readonly<Record<string, { readonly whole: object; readonly events: readonly object[] }>> = {
    anthropic: (() => {
      const use = (n: number): object => ({ type: 'tool_use', id: 'same', name: 'f', input: { n } });
      return {
        whole: { content: [use(1), use(2)], stop_reason: 'end_turn' },
        events: [
          ...[1, 2].flatMap((n) => [
            { type: 'content_block_start', index: n, content_block: use(n) },
            { type: 'content_block_stop', index: n },
          ]),
          { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
        ],
      };
    })(),
    ollama: (() => {
      const calls = [1, 2].map((n) => ({ id: 'same', function: { name: 'f', arguments: { n } } }));
      const end = { done: true, done_reason: 'stop' };
      return {
        whole: { message: { content: '', tool_calls: calls }, ...end },
        events: [...calls.map((call) => ({ message: { content: '', tool_calls: [call] }, done: false })), end],
      };
    })(),
    gemini: (() => {
      const part = (n: number): object => ({ functionCall: { id: 'same', name: 'f', args: { n } } });
      const candidate = (parts: readonly object[]): object => ({
        candidates: [{ content: { parts }, finishReason: 'STOP' }],
      });
      return { whole: candidate([part(1), part(2)]), events: [candidate([part(1)]), candidate([part(2)])] };
    })(),
  };

  it.each(Object.entries(answers))('remain two in answers of %s, which end with tool_calls', (type, answer) => {
    const adapter = adapters[type] as ProviderAdapter;
    const wanted = [
      ['same', '{"n":1}'],
      ['same_2', '{"n":2}'],
    ];
    const whole = adapter.translateWhole(JSON.stringify(answer.whole), {}, plan());
    const { choices } = JSON.parse(whole.kind === 'complete' ? whole.text : '{}') as { choices: [Choice] };
    expect(choices[0].message.tool_calls.map(({ id, function: called }) => [id, called.arguments])).toEqual(wanted);
    expect(choices[0].finish_reason).toBe('tool_calls');

    const translator = adapter.translateStream({}, plan());
    const sse =
      answer.events.map((event) => translator.push({ data: JSON.stringify(event) })).join('') + translator.end();
    const pieces = [...sse.matchAll(/"tool_calls":(\[.*?\])\}/g)].flatMap(
      ([, list = '']) => JSON.parse(list) as Piece[],
    );
    const calls = [0, 1].map((at) => {
      const own = pieces.filter(({ index }) => index === at);
      return [own.find(({ id }) => id)?.id, own.map((piece) => piece.function?.arguments ?? '').join('')];
    });
    expect(calls).toEqual(wanted);
    expect(sse).toContain('"finish_reason":"tool_calls"');
  });
});

interface Choice {
  readonly message: {
    readonly tool_calls: readonly { readonly id: string; readonly function: { readonly arguments: string } }[];
  };
  readonly finish_reason: string;
}
interface Piece {
  readonly index: number;
  readonly id?: string;
  readonly function?: { readonly arguments?: string };
}
