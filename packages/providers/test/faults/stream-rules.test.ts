import { describe, expect, it } from 'vitest';
import { chunkOf, openAiShaped, readStream } from '../shared.ts';

const usage = (prompt: number, completion: number): object => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
});
const hello = chunkOf({ role: 'assistant', content: 'Hello' });
const more = chunkOf({ content: ' there' });
const stop = chunkOf({}, { finish_reason: 'stop' });
const asked = { stream_options: { include_usage: true } };
const deep = `{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"x","y":${'['.repeat(20_000)}${']'.repeat(20_000)}},"finish_reason":null}]}`;

describe.each(openAiShaped)('a stream of %s', (_type, adapter) => {
  it.each<[string, readonly unknown[]]>([
    ['content', [more, '[DONE]']],
    ['another reason', [chunkOf({}, { finish_reason: 'tool_calls' }), '[DONE]']],
    ['another reason with content', [chunkOf({ content: 'x' }, { finish_reason: 'length' }), '[DONE]']],
    ['a call', [chunkOf({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] })]],
    ['invalid JSON', ['{"choices":[', '[DONE]']],
    ['content after [DONE]', ['[DONE]', more]],
    ['JSON that is nested too deeply', [deep, '[DONE]']],
    ['a thousand words', Array.from({ length: 1000 }, () => more)],
  ])('drops after its end: %s', (_what, events) => {
    const { content, reasons, chunks, translator } = readStream(adapter, [hello, more, stop, ...events]);
    expect(content).toBe('Hello there');
    expect(reasons).toEqual(['stop']);
    expect(chunks.flatMap(({ choices }) => choices).filter(({ delta }) => 'tool_calls' in delta)).toEqual([]);
    expect(translator.state).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop' } });
  });

  it('fails if an error follows its end', () => {
    const { translator } = readStream(adapter, [hello, stop, { error: { message: 'boom', code: 500 } }, '[DONE]']);
    expect(translator.state).toMatchObject({ kind: 'failed', failure: { kind: 'server' } });
  });

  it('uses the usage that comes with a second reason', () => {
    const second = chunkOf({}, { finish_reason: 'stop' }, { usage: usage(3, 2) });
    const { reasons, chunks, translator } = readStream(adapter, [hello, stop, second, '[DONE]'], asked);
    expect(reasons).toEqual(['stop']);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: usage(3, 2) });
    expect(translator.state).toMatchObject({ summary: { usage: usage(3, 2) } });
  });

  it.each<[string, readonly unknown[]]>([
    ['invalid JSON', ['{"choices":[{"index":0,"delta":{"content":"x']],
    ['a line of text', ['upstream is not well']],
    ['JSON that is not an object', ['[1,2]']],
    ['JSON that is nested too deeply', [deep]],
  ])('fails if a part may be missing: %s', (_what, [broken]) => {
    const { content, translator } = readStream(adapter, [hello, broken, more, stop, '[DONE]']);
    expect(content).toBe('Hello');
    expect(translator.state).toMatchObject({ kind: 'failed', failure: { kind: 'malformed' } });
  });

  it.each<[string, readonly unknown[]]>([
    [
      'overwritten by zeros',
      [chunkOf({}, { finish_reason: 'stop' }, { usage: usage(3, 2) }), { choices: [], usage: usage(0, 0) }],
    ],
    [
      'zeros at first',
      [chunkOf({ content: '' }, {}, { usage: usage(0, 0) }), stop, { choices: [], usage: usage(3, 2) }],
    ],
    ['zeros before the end', [stop, { choices: [], usage: usage(0, 0) }, { choices: [], usage: usage(3, 2) }]],
    [
      'in several pieces',
      [
        chunkOf({ content: '' }, {}, { usage: usage(3, 0) }),
        chunkOf({}, { finish_reason: 'stop' }, { usage: usage(0, 2) }),
      ],
    ],
    [
      'growing',
      [1, 2].map((count) => chunkOf({}, { finish_reason: count === 2 ? 'stop' : null }, { usage: usage(3, count) })),
    ],
    [
      'shrinking',
      [
        chunkOf({ content: '' }, {}, { usage: usage(3, 2) }),
        chunkOf({}, { finish_reason: 'stop' }, { usage: usage(3, 1) }),
      ],
    ],
    ['after a chunk without choices', [stop, { choices: null, usage: null }, { choices: [], usage: usage(3, 2) }]],
  ])('has its usage once, at the end: %s', (_what, events) => {
    const { chunks, translator } = readStream(adapter, [hello, ...events, '[DONE]'], asked);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: usage(3, 2) });
    expect(chunks.slice(0, -1).filter(({ usage }) => usage != null)).toEqual([]);
    expect(translator.state).toMatchObject({ kind: 'complete', summary: { usage: usage(3, 2) } });
  });

  it.each([
    { prompt_tokens: 1e12, completion_tokens: 1e12, total_tokens: 2e12 },
    { prompt_tokens: -5, completion_tokens: -1, total_tokens: -6 },
    { prompt_tokens: 'many', completion_tokens: null, total_tokens: {} },
  ])('ignores the implausible usage %j', (counts) => {
    const { translator } = readStream(adapter, [
      hello,
      chunkOf({}, { finish_reason: 'stop' }, { usage: counts }),
      '[DONE]',
    ]);
    expect(translator.state).toMatchObject({ kind: 'complete', summary: { usage: undefined } });
  });

  it('has one id, one date and one model: the first', () => {
    const other = (head: object): object => ({ ...chunkOf({ content: 'x' }), ...head });
    const events = [
      hello,
      other({ id: 'd' }),
      other({ model: 'n' }),
      other({ created: 2 }),
      { ...stop, id: 'e', model: 'o' },
    ];
    const { chunks, translator } = readStream(adapter, [...events, '[DONE]']);
    expect(new Set(chunks.map(({ id, created, model }) => JSON.stringify([id, created, model])))).toEqual(
      new Set(['["c",1,"m"]']),
    );
    expect(translator.state).toMatchObject({ summary: { responseModel: 'm' } });
  });

  it.each<[string, object, object]>([
    ['absent, then present', {}, { usage: null, system_fingerprint: 'fp', service_tier: 'default' }],
    ['null, then absent', { usage: null, system_fingerprint: null }, {}],
    ['present, then null', { system_fingerprint: 'fp', service_tier: 'default' }, { system_fingerprint: null }],
    ['one, then another', { system_fingerprint: 'fp' }, { system_fingerprint: 'fq' }],
  ])('has the same head on every chunk: %s', (_what, first, later) => {
    const events = [
      chunkOf({ role: 'assistant', content: 'a' }, {}, first),
      chunkOf({ content: 'b' }, {}, later),
      chunkOf({ content: 'c' }, {}, first),
    ];
    const { chunks } = readStream(adapter, [...events, { ...stop, ...later }, '[DONE]'], {});
    const heads = chunks.map(({ usage, system_fingerprint: fingerprint, service_tier: tier }) =>
      JSON.stringify([usage ?? String(usage), fingerprint ?? String(fingerprint), tier ?? String(tier)]),
    );
    expect(new Set(heads).size).toBe(1);
  });

  it('sends nothing for empty deltas and for a repeated role', () => {
    const empty = [
      chunkOf({}),
      chunkOf({ content: '' }),
      chunkOf({ role: 'assistant', content: '' }),
      chunkOf(null),
      chunkOf({ content: null }),
    ];
    const silent = readStream(adapter, [chunkOf({ role: 'assistant', content: '' }), ...empty, ...empty]);
    expect(silent.chunks.length).toBeLessThanOrEqual(1);
    expect(readStream(adapter, [hello, ...empty, more, ...empty, stop, '[DONE]']).chunks).toHaveLength(3);
  });

  it.each<[string, readonly unknown[]]>([
    ['no choices', [hello, { choices: [] }, { choices: null }, {}, more, stop]],
    ['a delta of null', [hello, chunkOf(null), more, chunkOf(null, { finish_reason: 'stop' })]],
    [
      'the role in each chunk',
      [
        hello,
        chunkOf({ role: 'assistant', content: ' there' }),
        chunkOf({ role: 'assistant' }, { finish_reason: 'stop' }),
      ],
    ],
    ['no [DONE]', [hello, more, stop]],
  ])('ignores chunks without content: %s', (_what, events) => {
    const { content, reasons, chunks, translator } = readStream(adapter, [...events]);
    expect([content, reasons]).toEqual(['Hello there', ['stop']]);
    expect(chunks.flatMap(({ choices }) => choices).filter(({ delta }) => 'role' in delta)).toHaveLength(1);
    expect(translator.state.kind).toBe('complete');
  });

  it('may end without any content', () => {
    expect(readStream(adapter, [stop, '[DONE]']).translator.state).toMatchObject({
      kind: 'complete',
      summary: { finishReason: 'stop' },
    });
  });
});

describe.each(openAiShaped.filter(([type]) => type !== 'zai'))(
  'a stream of %s with messages instead of deltas',
  (_type, adapter) => {
    const said = (content: string, finish_reason: string | null = null): object => ({
      id: 'c',
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason }],
    });

    it.each<[string, readonly unknown[]]>([
      ['all in one chunk', [said('Hello there', 'stop')]],
      ['after the role', [chunkOf({ role: 'assistant', content: '' }), said('Hello there', 'stop')]],
      ['piece by piece', [said('Hel'), said('lo'), said(' there'), said('', 'stop')]],
      [
        'the whole text so far in each chunk',
        [said('Hel'), said('Hello'), said('Hello there'), said('Hello there', 'stop')],
      ],
      ['repeated at the end', [hello, more, said('Hello there', 'stop')]],
      [
        'the text beside the delta',
        ['Hello', ' there'].map((text) => ({ choices: [{ index: 0, text, finish_reason: null }] })).concat(),
      ],
    ])('has its text once: %s', (_what, events) => {
      expect(readStream(adapter, [...events, '[DONE]']).content).toBe('Hello there');
    });
  },
);
