import { type CallPlan, providers, type StreamTranslator } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers.zai.create({});

interface Delta {
  readonly content?: string;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly unknown[];
  readonly web_search?: unknown;
}

function translator(over: Partial<CallPlan> = {}): StreamTranslator {
  return adapter.translateStream({ stream_options: { include_usage: true } }, plan(over));
}

const chunk = (delta: object, more: object = {}): { data: string } => ({
  data: JSON.stringify({ id: 'a', created: 5, model: 'glm-4.5', choices: [{ index: 0, delta, ...more }] }),
});

/** Returns everything that the client receives for these events. */
function read(stream: StreamTranslator, events: readonly { readonly data: string }[]): string {
  return events.map((event) => stream.push(event)).join('') + stream.end();
}

const chunksOf = (sse: string): { choices: { delta: Delta; finish_reason: string | null }[]; usage?: unknown }[] =>
  sse
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => JSON.parse(event.replace('data: ', '')) as ReturnType<typeof chunksOf>[number]);

const joined = (sse: string, field: 'content' | 'reasoning_content'): string =>
  chunksOf(sse)
    .map(({ choices }) => choices[0]?.delta[field] ?? '')
    .join('');

const done = { data: '[DONE]' };
const stop = chunk({}, { finish_reason: 'stop' });

describe('a stream', () => {
  it('has reasoning, text, a finish reason and the usage at its end', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
    const last = { data: JSON.stringify({ choices: [{ delta: { content: '' }, finish_reason: 'length' }], usage }) };
    const stream = translator();
    const chunks = chunksOf(read(stream, [chunk({ reasoning_content: 'hm' }), chunk({ content: '4' }), last, done]));
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([null, null, 'length', undefined]);
    expect(chunks.at(-1)).toMatchObject({ id: 'a', choices: [], usage });
    expect(stream.state).toMatchObject({ kind: 'complete', summary: { usage, responseModel: 'glm-4.5' } });
  });

  it('has the id of each tool call once', () => {
    const call = (more: object): { data: string } =>
      chunk({ tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'look', ...more } }] });
    const sse = read(translator(), [
      call({ arguments: '{"a"' }),
      call({ arguments: ':1}' }),
      chunk({}, { finish_reason: 'tool_calls' }),
      done,
    ]);
    const deltas = chunksOf(sse).flatMap(({ choices }) => choices.flatMap(({ delta }) => delta.tool_calls ?? []));
    expect(deltas).toEqual([
      { index: 0, id: 'c', type: 'function', function: { name: 'look', arguments: '{"a"' } },
      { index: 0, function: { arguments: ':1}' } },
    ]);
  });

  it('passes search results on', () => {
    const found = [{ title: 'T', link: 'https://a.example' }];
    const sse = read(translator(), [{ data: JSON.stringify({ choices: [], web_search: found }) }, stop, done]);
    expect(chunksOf(sse)[0]?.choices[0]?.delta.web_search).toEqual(found);
  });

  it.each<[string, string, string]>([
    ['sensitive', 'complete', 'content_filter'],
    ['model_context_window_exceeded', 'complete', 'length'],
    ['network_error', 'failed', 'server'],
  ])('that ends with %s is %s: %s', (reason, kind, what) => {
    const stream = translator();
    read(stream, [chunk({ content: 'x' }), chunk({}, { finish_reason: reason }), done]);
    expect(stream.state).toMatchObject(
      kind === 'complete' ? { kind, summary: { finishReason: what } } : { kind, failure: { kind: what } },
    );
  });

  it.each<[string, string, string]>([
    ['an error', '{"error":{"code":"1305","message":"slow"}}', 'rate_limit'],
    ['an error of its gateway', '{"code":1113,"msg":"empty","success":false}', 'quota'],
    ['invalid JSON', '{"choices":[', 'malformed'],
  ])('with %s fails', (_what, data, kind) => {
    const stream = translator();
    read(stream, [chunk({ content: 'x' }), { data }]);
    expect(stream.state).toMatchObject({ kind: 'failed', failure: { kind } });
  });

  it('that ends without a finish reason is truncated', () => {
    const stream = translator();
    read(stream, [chunk({ content: 'x' })]);
    expect(stream.state).toMatchObject({ kind: 'failed', failure: { kind: 'truncated' } });
  });
});

describe('reasoning inside the text', () => {
  const text = '\n<think>\nWhat is a <b> & </think?\n</think>\n\nIt is <|begin_of_box|>4<|end_of_box|> <think> 😀';
  const reasoning = 'What is a <b> & </think?\n';
  const content = 'It is 4 <think> 😀';

  it.each([1, 2, 3, 5, 7, 200])('is removed in pieces of %i', (size) => {
    const pieces = text.match(new RegExp(`.{1,${size}}`, 'gs')) ?? [];
    const sse = read(translator(), [...pieces.map((piece) => chunk({ content: piece })), stop, done]);
    expect(joined(sse, 'reasoning_content')).toBe(reasoning);
    expect(joined(sse, 'content')).toBe(content);
  });

  it('remains if configured', () => {
    const sse = read(translator({ keepsThinkingMarkup: true }), [chunk({ content: text }), stop, done]);
    expect(joined(sse, 'content')).toBe(text);
    expect(joined(sse, 'reasoning_content')).toBe('');
  });

  it.each(['a < b', '<thin', '<|begin_of', '  ', '</think> x', 'x <think>y</think>'])(
    'is not detected in %j',
    (plain) => {
      const sse = read(translator(), [...plain.split('').map((piece) => chunk({ content: piece })), stop, done]);
      expect([joined(sse, 'content'), joined(sse, 'reasoning_content')]).toEqual([plain, '']);
    },
  );

  it('that never ends is still reasoning', () => {
    const sse = read(translator(), [chunk({ content: '<think>abc</thi' }), stop, done]);
    expect([joined(sse, 'content'), joined(sse, 'reasoning_content')]).toEqual(['', 'abc</thi']);
  });
});
