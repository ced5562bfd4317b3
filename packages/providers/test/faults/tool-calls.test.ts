import { parseChatRequest } from '@sluice/protocol';
import { createChunkCollector } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';
import { chunkOf, openAiShaped, readStream } from '../shared.ts';

interface Call {
  readonly id: string;
  readonly type: string;
  readonly function: { readonly name: string; readonly arguments: string };
}

const begin = (name: string, more: object = {}, text = ''): object => ({
  ...more,
  type: 'function',
  function: { name, arguments: text },
});
const go = (text: string, more: object = {}): object => ({ ...more, function: { arguments: text } });
const same = { id: 'call_x' };

/** Streams; each inner list contains the pieces of one chunk. */
const streams: readonly (readonly [string, readonly (readonly object[])[]])[] = [
  [
    'one id, an index each',
    [
      [begin('f', { index: 0, ...same })],
      [go('{"a":1}', { index: 0 })],
      [begin('g', { index: 1, ...same })],
      [go('{"b":2}', { index: 1 })],
    ],
  ],
  [
    'one id, an index each, at once',
    [[begin('f', { index: 0, ...same }, '{"a":1}'), begin('g', { index: 1, ...same }, '{"b":2}')]],
  ],
  [
    'one id on each piece, pieces mixed',
    [
      [begin('f', { index: 0, ...same })],
      [begin('g', { index: 1, ...same })],
      [go('{"b"', { index: 1, ...same })],
      [go('{"a":1}', { index: 0, ...same })],
      [go(':2}', { index: 1, ...same })],
    ],
  ],
  [
    'one id, index 0 for all, at once',
    [[begin('f', { index: 0, ...same }, '{"a":1}'), begin('g', { index: 0, ...same }, '{"b":2}')]],
  ],
  [
    'one id, index 0 for all',
    [[begin('f', { index: 0, ...same }, '{"a":1}')], [begin('g', { index: 0, ...same }, '{"b":2}')]],
  ],
  ['one id and no index', [[begin('f', same, '{"a":1}')], [begin('g', same)], [go('{"b":2}')]]],
  ['neither id nor index', [[begin('f')], [go('{"a":1}')], [begin('g')], [go('{"b":2}')]]],
  [
    'no id',
    [
      [begin('f', { index: 0 })],
      [begin('g', { index: 1 })],
      [go('{"b":2}', { index: 1 })],
      [go('{"a":1}', { index: 0 })],
    ],
  ],
  [
    'index 0 for all, an id each',
    [
      [begin('f', { index: 0, id: 'a' })],
      [go('{"a":1}', { index: 0 })],
      [begin('g', { index: 0, id: 'b' })],
      [go('{"b":2}', { index: 0 })],
    ],
  ],
  ['counted from 1', [[begin('f', { index: 1, id: 'a' }, '{"a":1}')], [begin('g', { index: 2, id: 'b' }, '{"b":2}')]]],
  [
    'a new id on each piece',
    [
      [begin('f', { index: 0, id: 'a' })],
      [go('{"a":1}', { index: 0, id: 'b' })],
      [begin('g', { index: 1, id: 'c' })],
      [go('{"b":2}', { index: 1, id: 'd' })],
    ],
  ],
];

/** Returns the calls, and the number of their distinct ids that every provider accepts. */
const seen = (calls: readonly Call[]): unknown => ({
  calls: calls.map((call) => [call.type, call.function.name, call.function.arguments]),
  ids: new Set(calls.map(({ id }) => id).filter((id) => /^[a-zA-Z0-9_-]{1,64}$/.test(id))).size,
});
const two = {
  calls: [
    ['function', 'f', '{"a":1}'],
    ['function', 'g', '{"b":2}'],
  ],
  ids: 2,
};

describe.each(openAiShaped)('two calls of one answer of %s', (_type, adapter) => {
  it.each(streams)('remain two in a stream: %s', (_what, lists) => {
    const events = [
      chunkOf({ role: 'assistant', content: null }),
      ...lists.map((pieces) => chunkOf({ tool_calls: pieces })),
      chunkOf({}, { finish_reason: 'tool_calls' }),
      '[DONE]',
    ];
    const { text, translator } = readStream(adapter, events);
    const collector = createChunkCollector();
    collector.add(text);
    const [choice] = (
      JSON.parse(collector.toCompletion(undefined)) as { choices: { message: { tool_calls: Call[] } }[] }
    ).choices;
    expect(seen(choice?.message.tool_calls ?? [])).toEqual(two);
    expect(translator.state).toMatchObject({ kind: 'complete', summary: { finishReason: 'tool_calls' } });
    // The same events give the same ids.
    expect(readStream(adapter, events).text).toBe(text);
  });

  it('remain two in a stream with one index, one id and one name, and remain one if they are pieces of one call', () => {
    const callsOf = (texts: readonly string[]): Call[] => {
      const { text } = readStream(adapter, [
        ...texts.map((piece) => chunkOf({ tool_calls: [begin('f', { index: 0, ...same }, piece)] })),
        chunkOf({}, { finish_reason: 'tool_calls' }),
        '[DONE]',
      ]);
      const collector = createChunkCollector();
      collector.add(text);
      const { choices } = JSON.parse(collector.toCompletion(undefined)) as {
        choices: { message: { tool_calls: Call[] } }[];
      };
      return choices[0]?.message.tool_calls ?? [];
    };
    expect(seen(callsOf(['{"a":1}', '{"a":2}']))).toEqual({
      calls: [
        ['function', 'f', '{"a":1}'],
        ['function', 'f', '{"a":2}'],
      ],
      ids: 2,
    });
    expect(seen(callsOf(['{"a":', '{"b":2}', '}']))).toEqual({ calls: [['function', 'f', '{"a":{"b":2}}']], ids: 1 });
  });

  it.each<[string, readonly object[]]>([
    ['one id', [begin('f', same, '{"a":1}'), begin('g', same, '{"b":2}')]],
    ['no ids', [begin('f', {}, '{"a":1}'), begin('g', {}, '{"b":2}')]],
    ['an id equal to a generated one', [begin('f', { id: 'call_request_1' }, '{"a":1}'), begin('g', {}, '{"b":2}')]],
    [
      'arguments as objects',
      [
        { id: 'a', function: { name: 'f', arguments: { a: 1 } } },
        { id: 'a', function: { name: 'g', arguments: { b: 2 } } },
      ],
    ],
  ])('remain two in a whole answer: %s', (_what, calls) => {
    const answer = {
      id: 'c',
      choices: [{ message: { role: 'assistant', content: null, tool_calls: calls }, finish_reason: 'tool_calls' }],
    };
    const whole = adapter.translateWhole(JSON.stringify(answer), {}, plan({ stream: false }));
    if (whole.kind === 'failed') throw new Error(whole.failure.message);
    const [choice] = (JSON.parse(whole.text) as { choices: { message: { tool_calls: Call[] } }[] }).choices;
    expect(seen(choice?.message.tool_calls ?? [])).toEqual(two);
  });
});

interface Message {
  readonly role: string;
  readonly content?: unknown;
  readonly tool_calls?: readonly Call[];
  readonly tool_call_id?: string;
}

describe.each(openAiShaped)('a conversation that is sent to %s', (_type, adapter) => {
  const sent = (messages: readonly object[], options: Parameters<typeof plan>[0] = {}): Message[] => {
    const body = { model: 'm', messages: [{ role: 'user', content: 'go' }, ...messages] };
    const request = adapter.toUpstream(parseChatRequest(body), plan({ stream: false, ...options }));
    return (JSON.parse(String(request.body)) as { messages: Message[] }).messages.slice(1);
  };
  const calls = (...ids: readonly string[]): object => ({
    role: 'assistant',
    content: null,
    tool_calls: ids.map((id, at) => ({ id, type: 'function', function: { name: `f${at}`, arguments: '{}' } })),
  });
  const result = (tool_call_id: string, content: string): object => ({ role: 'tool', tool_call_id, content });

  it('has a distinct id for each call, and its result with the same id', () => {
    const [answer, first, second, again, third] = sent([
      calls('x', 'x'),
      result('x', 'r0'),
      result('x', 'r1'),
      calls('x'),
      result('x', 'r2'),
    ]);
    expect(answer?.tool_calls?.map(({ id }) => id)).toEqual(['x', 'x_2']);
    expect([first?.tool_call_id, second?.tool_call_id]).toEqual(['x', 'x_2']);
    expect([again?.tool_calls?.[0]?.id, third?.tool_call_id]).toEqual(['x', 'x']);
  });

  it('is unchanged if it is valid', () => {
    const messages = [
      calls('call_1', 'call_2'),
      result('call_2', 'b'),
      result('call_1', 'a'),
      { role: 'assistant', content: 'Done.' },
    ];
    expect(sent(messages)).toEqual(messages);
  });

  it.each([
    ['http://api.mistral.ai/v1', 'codestral-latest'],
    ['https://eu.mistral.ai/v1', 'm'],
    ['http://vllm.example/v1', 'mistralai/Mistral-Small-3.2-24B'],
    ['http://vllm.example/v1', 'open-mixtral-8x22b'],
  ])('has ids of nine characters at %s for %s', (baseUrl, model) => {
    const foreign = 'call005AKQn2j5TEr4S6i3zNN59moT';
    const ids = [foreign, 'abcDEF123', 'abcDEF123', `${foreign}_2`];
    const [answer, ...results] = sent([calls(...ids), ...ids.map((id, at) => result(id, `r${at}`))], {
      baseUrl,
      model,
    });
    const given = answer?.tool_calls?.map(({ id }) => id) ?? [];
    for (const id of given) expect(id).toMatch(/^[a-zA-Z0-9]{9}$/);
    expect(new Set(given).size).toBe(4);
    expect(given[1]).toBe('abcDEF123');
    expect(results.map(({ tool_call_id: id }) => id)).toEqual(given);
    expect(sent([calls(foreign)], { baseUrl, model })[0]?.tool_calls?.[0]?.id).toBe(given[0]);
  });
});
