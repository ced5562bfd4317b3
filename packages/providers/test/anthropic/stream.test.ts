import { providers, type StreamTranslator } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers.anthropic.create({});

interface Chunk {
  readonly id: string;
  readonly model: string;
  readonly choices: readonly { readonly delta: Readonly<Record<string, unknown>>; readonly finish_reason: unknown }[];
  readonly usage?: unknown;
}

function translate(
  events: readonly (object | string)[],
  body: object = {},
): { chunks: readonly Chunk[]; translator: StreamTranslator } {
  const translator = adapter.translateStream({ stream_options: { include_usage: true }, ...body }, plan());
  const text = events
    .map((event) => translator.push({ data: typeof event === 'string' ? event : JSON.stringify(event) }))
    .join('');
  const rest = translator.end();
  const chunks = (text + rest)
    .split('\n\n')
    .filter((each) => each !== '')
    .map((each) => JSON.parse(each.replace('data: ', '')) as Chunk);
  return { chunks, translator };
}
const deltasOf = (chunks: readonly Chunk[]): object[] =>
  chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));

const start = (usage: object = { input_tokens: 5, output_tokens: 1 }): object => ({
  type: 'message_start',
  message: { id: 'msg_1', model: 'claude-x', usage },
});
const block = (index: number, content_block: object): object => ({ type: 'content_block_start', index, content_block });
const delta = (index: number, type: string, fields: object): object => ({
  type: 'content_block_delta',
  index,
  delta: { type, ...fields },
});
const stop = (index: number): object => ({ type: 'content_block_stop', index });
const end = (stop_reason: string, more: object = {}): object => ({
  type: 'message_delta',
  delta: { stop_reason, ...more },
  usage: { output_tokens: 9 },
});
const over = { type: 'message_stop' };
const text = (value: string): object[] => [
  block(0, { type: 'text', text: '' }),
  delta(0, 'text_delta', { text: value }),
  stop(0),
];

describe("Anthropic's stream", () => {
  it('becomes chunks with the role once, and with the usage at the end', () => {
    const { chunks, translator } = translate([start(), { type: 'ping' }, ...text('hi'), end('end_turn'), over]);
    expect(deltasOf(chunks)).toEqual([{ role: 'assistant', content: 'hi' }, {}]);
    expect(chunks.every(({ id, model }) => id === 'msg_1' && model === 'claude-x')).toBe(true);
    const usage = { prompt_tokens: 5, completion_tokens: 9, total_tokens: 14 };
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage });
    expect(translator.state).toEqual({
      kind: 'complete',
      summary: { usage, finishReason: 'stop', responseModel: 'claude-x' },
    });
  });

  it('sends no chunk before the first content, so that another target can still be tried', () => {
    const { chunks, translator } = translate([
      start(),
      { type: 'ping' },
      { type: 'error', error: { type: 'overloaded_error' } },
    ]);
    expect(chunks).toEqual([]);
    expect(translator.state).toMatchObject({ kind: 'failed', failure: { kind: 'server' } });
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['pause_turn', 'length'],
    ['tool_use', 'tool_calls'],
    ['refusal', 'content_filter'],
    ['something_new', 'stop'],
  ])('that stops with %s finishes with %s', (reason, finishReason) => {
    const { translator } = translate([start(), ...text('a'), end(reason), over]);
    expect(translator.state).toMatchObject({ kind: 'complete', summary: { finishReason } });
  });

  it('that is refused contains the reason', () => {
    const explained = translate([start(), end('refusal', { stop_details: { explanation: 'no' } }), over]);
    expect(deltasOf(explained.chunks)).toEqual([{ role: 'assistant', refusal: 'no' }, {}]);
    const unexplained = translate([start(), ...text('so'), end('refusal'), over]);
    expect(deltasOf(unexplained.chunks)).toMatchObject([{}, { refusal: 'The model declined to answer.' }, {}]);
  });

  it('counts tokens read from and written to a cache, and uses the latest counts', () => {
    const before = { input_tokens: 5, cache_read_input_tokens: 100, cache_creation_input_tokens: 20, output_tokens: 1 };
    const last = {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn' },
      usage: { input_tokens: 6, output_tokens: 30, output_tokens_details: { thinking_tokens: 12 } },
    };
    expect(translate([start(before), ...text('a'), last, over]).chunks.at(-1)?.usage).toEqual({
      prompt_tokens: 126,
      completion_tokens: 30,
      total_tokens: 156,
      prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 20 },
      completion_tokens_details: { reasoning_tokens: 12 },
    });
  });

  it('keeps the tokens that the cache keeps for an hour, which only its start tells', () => {
    const cached = { cache_creation_input_tokens: 20, cache_creation: { ephemeral_1h_input_tokens: 15 } };
    const before = { input_tokens: 5, ...cached, output_tokens: 1 };
    const events = [start(before), ...text('a'), end('end_turn'), over];
    expect(translate(events).chunks.at(-1)?.usage).toMatchObject({
      prompt_tokens_details: { cache_write_tokens: 20, cache_write_1h_tokens: 15 },
    });
  });

  const format = 'anthropic-claude-v1';
  const thoughts = [
    block(0, { type: 'thinking', thinking: '', signature: '' }),
    delta(0, 'thinking_delta', { thinking: 'h' }),
    delta(0, 'thinking_delta', { thinking: 'm' }),
    delta(0, 'signature_delta', { signature: 'sig' }),
    stop(0),
    block(1, { type: 'redacted_thinking', data: 'xyz' }),
    stop(1),
    block(2, { type: 'text', text: 'so' }),
    stop(2),
  ];
  const said = [
    { role: 'assistant', reasoning_content: 'h' },
    { reasoning_content: 'm' },
    { content: 'so' },
    {
      reasoning_details: [
        { type: 'reasoning.text', text: 'hm', signature: 'sig', format, index: 0 },
        { type: 'reasoning.encrypted', data: 'xyz', format, index: 1 },
      ],
    },
  ];

  it('sends signed reasoning at its end', () => {
    const { chunks } = translate([start(), ...thoughts, end('end_turn'), over]);
    expect(deltasOf(chunks)).toEqual([...said, {}]);
  });

  it('sends signed reasoning before a tool call', () => {
    const tool = block(3, { type: 'tool_use', id: 't', name: 'f', input: {} });
    const { chunks } = translate([start(), ...thoughts, tool, stop(3), end('tool_use'), over]);
    expect(deltasOf(chunks)).toMatchObject([...said, { tool_calls: [{ id: 't' }] }, { tool_calls: [{}] }, {}]);
  });

  it('counts calls from 0, and gives each its arguments', () => {
    const { chunks } = translate([
      start(),
      ...text('a'),
      block(1, { type: 'tool_use', id: 't1', name: 'f', input: {} }),
      delta(1, 'input_json_delta', { partial_json: '' }),
      delta(1, 'input_json_delta', { partial_json: '{"a"' }),
      delta(1, 'input_json_delta', { partial_json: ':1}' }),
      stop(1),
      block(2, { type: 'tool_use', id: 't2', name: 'g', input: {} }),
      stop(2),
      block(3, { type: 'tool_use', id: 't3', name: 'h', input: { b: 2 } }),
      stop(3),
      end('tool_use'),
      over,
    ]);
    expect(deltasOf(chunks).flatMap((each) => (each as { tool_calls?: object[] }).tool_calls ?? [])).toEqual([
      { index: 0, id: 't1', type: 'function', function: { name: 'f', arguments: '' } },
      { index: 0, function: { arguments: '{"a"' } },
      { index: 0, function: { arguments: ':1}' } },
      { index: 1, id: 't2', type: 'function', function: { name: 'g', arguments: '' } },
      { index: 1, function: { arguments: '{}' } },
      { index: 2, id: 't3', type: 'function', function: { name: 'h', arguments: '' } },
      { index: 2, function: { arguments: '{"b":2}' } },
    ]);
  });

  it('ignores unknown blocks, deltas and events', () => {
    const { chunks, translator } = translate([
      start(),
      block(0, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
      delta(0, 'input_json_delta', { partial_json: '{}' }),
      stop(0),
      { type: 'something_new', data: 1 },
      block(1, { type: 'text', text: '' }),
      delta(1, 'citations_delta', { citation: {} }),
      delta(1, 'text_delta', { text: 'a' }),
      stop(1),
      end('end_turn'),
      over,
    ]);
    expect(deltasOf(chunks)).toEqual([{ role: 'assistant', content: 'a' }, {}]);
    expect(translator.state.kind).toBe('complete');
  });

  it.each([
    ['once ', [' ', 'upon'], 'upon'],
    ['once ', [' upon'], 'upon'],
    ['once ', ['upon'], 'upon'],
    ['once\n ', ['\n', '  upon'], ' upon'],
    ['once', [' upon'], ' upon'],
  ])('that continues %j with %j gives %j', (soFar, pieces, expected) => {
    const body = { messages: [{ role: 'assistant', content: soFar }] };
    const deltas = pieces.map((piece) => delta(0, 'text_delta', { text: piece }));
    const { chunks } = translate([start(), block(0, { type: 'text' }), ...deltas, end('end_turn'), over], body);
    const said = deltasOf(chunks).map((each) => (each as { content?: string }).content ?? '');
    expect(said.join('')).toBe(expected);
  });

  it('is complete without its last event, because the event before contains its end', () => {
    expect(translate([start(), ...text('a'), end('end_turn')]).translator.state.kind).toBe('complete');
  });

  it.each<[string, readonly (object | string)[], string]>([
    ['nothing', [], 'truncated'],
    ['no reason to stop', [start(), ...text('a')], 'truncated'],
    ['an end without a reason', [start(), ...text('a'), over], 'truncated'],
    ['truncated JSON', [start(), '{"type":"content_block_del'], 'malformed'],
    ['an event without a type', [start(), '{}'], 'malformed'],
    ['an error', [start(), { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }], 'server'],
    ['an error without a message', [start(), { type: 'error' }], 'server'],
    ['a rate limit', [start(), { type: 'error', error: { type: 'rate_limit_error', message: 'slow' } }], 'rate_limit'],
    [
      'a refusal of the request',
      [start(), { type: 'error', error: { type: 'invalid_request_error', message: 'no' } }],
      'invalid_request',
    ],
  ])('fails on %s', (_what, events, kind) => {
    expect(translate(events).translator.state).toMatchObject({ kind: 'failed', failure: { kind } });
  });

  it('keeps its counts when zeros follow them', () => {
    const counts = { input_tokens: 9, cache_read_input_tokens: 5, cache_creation_input_tokens: 2, output_tokens: 1 };
    const zeros = { input_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0, output_tokens: 16 };
    const stopped = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: zeros };
    expect(translate([start(counts), ...text('hi'), stopped, over]).chunks.at(-1)?.usage).toEqual({
      prompt_tokens: 16,
      completion_tokens: 16,
      total_tokens: 32,
      prompt_tokens_details: { cached_tokens: 5, cache_write_tokens: 2 },
    });
  });

  it.each([
    ['text', delta(3, 'text_delta', { text: 'hi' }), { content: 'hi' }],
    ['thoughts', delta(3, 'thinking_delta', { thinking: 'hm' }), { reasoning_content: 'hm' }],
  ])('accepts %s of a block that has not begun', (_what, event, wanted) => {
    const { chunks, translator } = translate([start(), event, end('end_turn'), over]);
    expect(deltasOf(chunks)[0]).toMatchObject(wanted);
    expect(translator.state.kind).toBe('complete');
  });

  it('fails if it contains arguments of a call that has not begun', () => {
    const event = delta(3, 'input_json_delta', { partial_json: '{"a":' });
    expect(translate([start(), event, end('tool_use'), over]).translator.state).toMatchObject({
      kind: 'failed',
      failure: { kind: 'malformed' },
    });
  });

  it("ignores the blocks of the provider's own tools", () => {
    const search = block(0, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} });
    const query = delta(0, 'input_json_delta', { partial_json: '{"query":"x"}' });
    const { chunks, translator } = translate([start(), search, query, stop(0), ...text('hi'), end('end_turn'), over]);
    expect(deltasOf(chunks)).toEqual([{ role: 'assistant', content: 'hi' }, {}]);
    expect(translator.state.kind).toBe('complete');
  });

  it('also ends with [DONE], which servers that imitate Anthropic send', () => {
    expect(translate([start(), ...text('hi'), end('end_turn'), '[DONE]']).translator.state.kind).toBe('complete');
    expect(translate([start(), ...text('hi'), '[DONE]']).translator.state).toMatchObject({
      failure: { kind: 'truncated' },
    });
  });

  it('sends the arguments of a call whose block does not end', () => {
    const called = block(0, { type: 'tool_use', id: 't', name: 'f', input: {} });
    const { chunks } = translate([start(), called, end('end_turn'), over]);
    expect(deltasOf(chunks)).toMatchObject([
      { tool_calls: [{ index: 0, id: 't', function: { name: 'f', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{}' } }] },
      {},
    ]);
  });
});
