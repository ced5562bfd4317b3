import { providers, type StreamTranslator } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers.ollama.create({});
const asked = { stream_options: { include_usage: true } };

const line = (message: object, more: object = {}): string =>
  JSON.stringify({
    model: 'm:1b',
    created_at: '2024-05-24T20:26:46.5Z',
    message: { role: 'assistant', ...message },
    done: false,
    ...more,
  });
const last = (more: object = {}): string =>
  line({ content: '' }, { done: true, done_reason: 'stop', prompt_eval_count: 3, eval_count: 2, ...more });

interface Delta {
  readonly content?: string;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly object[];
}
interface Chunk {
  readonly choices: readonly {
    readonly delta: Delta;
    readonly finish_reason: string | null;
  }[];
}

function translate(
  lines: readonly string[],
  options: object = {},
): { chunks: readonly Chunk[]; translator: StreamTranslator } {
  const translator = providers.ollama.create(options).translateStream(asked, plan());
  const sse = lines.map((data) => translator.push({ data })).join('') + translator.end();
  const events = sse.split('\n\n').filter((event) => event !== '');
  return { chunks: events.map((event) => JSON.parse(event.slice('data: '.length)) as Chunk), translator };
}

const call = (name: string, args: unknown, id?: string): object => ({
  ...(id && { id }),
  function: { name, arguments: args },
});

describe('a stream of Ollama', () => {
  it("is converted to OpenAI's form", () => {
    const { chunks, translator } = translate([line({ content: '', thinking: 'hm' }), line({ content: 'a' }), last()]);
    const names = { id: 'chatcmpl-request', object: 'chat.completion.chunk', created: 1_716_582_406, model: 'm:1b' };
    const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
    const choice = (delta: object, finish_reason: string | null = null): object => ({ index: 0, delta, finish_reason });
    expect(chunks).toEqual([
      { ...names, choices: [choice({ role: 'assistant', reasoning_content: 'hm' })], usage: null },
      { ...names, choices: [choice({ content: 'a' })], usage: null },
      { ...names, choices: [choice({}, 'stop')], usage: null },
      { ...names, choices: [], usage },
    ]);
    expect(translator.state).toEqual({
      kind: 'complete',
      summary: { usage, finishReason: 'stop', responseModel: 'm:1b' },
    });
  });

  it('numbers its calls and generates missing ids', () => {
    const { chunks, translator } = translate([
      line({ tool_calls: [call('f', { x: 1 }), call('g', {}, 'own')] }),
      line({ tool_calls: [call('h', undefined)] }),
      last(),
    ]);
    const calls = chunks.flatMap(({ choices }) => choices.flatMap(({ delta }) => delta.tool_calls ?? []));
    expect(calls).toEqual([
      { index: 0, id: 'call_request_0', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
      { index: 1, id: 'own', type: 'function', function: { name: 'g', arguments: '{}' } },
      { index: 2, id: 'call_request_2', type: 'function', function: { name: 'h', arguments: '{}' } },
    ]);
    expect(translator.state).toMatchObject({ kind: 'complete', summary: { finishReason: 'tool_calls' } });
  });

  it('removes reasoning from the text if configured', () => {
    const { chunks } = translate([line({ content: '<thi' }), line({ content: 'nk>hm</think>a' }), last()], {
      think_tags: true,
    });
    const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
    expect(deltas.map(({ reasoning_content: thought }) => thought ?? '').join('')).toBe('hm');
    expect(deltas.map(({ content }) => content ?? '').join('')).toBe('a');
  });

  it.each([
    ['no reason', { done_reason: undefined }, 'stop', { total_tokens: 5 }],
    ['its length', { done_reason: 'length' }, 'length', { total_tokens: 5 }],
    ['a prompt that was not counted', { prompt_eval_count: undefined }, 'stop', { prompt_tokens: 0, total_tokens: 2 }],
  ])('ends with %s', (_what, more, finishReason, usage) => {
    const { translator } = translate([line({ content: 'a' }), last(more)]);
    expect(translator.state).toMatchObject({ kind: 'complete', summary: { finishReason, usage } });
  });

  it.each([
    ['it breaks off', [line({ content: 'a' })], 'truncated'],
    ['it is empty', [], 'truncated'],
    ['a line is truncated', [line({ content: 'a' }), '{"model":'], 'truncated'],
    ['a line in its middle is truncated', ['{"model":', line({ content: 'a' }), last()], 'malformed'],
    [
      'the last line is nested too deeply',
      [line({ x: '' }).replace('""', `${'['.repeat(600)}${']'.repeat(600)}`)],
      'malformed',
    ],
    ['a line has another shape', ['{"message":"a"}'], 'malformed'],
    [
      'an error comes',
      [line({ content: 'a' }), '{"error":"an error was encountered while running the model"}'],
      'server',
    ],
    ['a model is missing', ['{"error":"model \\"x\\" not found, try pulling it first"}'], 'not_found'],
    ['it only loads the model', [last({ done_reason: 'load' })], 'server'],
  ])('fails when %s', (_what, lines, kind) => {
    expect(translate(lines).translator.state).toMatchObject({ kind: 'failed', failure: { kind } });
  });
});

describe('a whole answer of Ollama', () => {
  const whole = (text: string): unknown => {
    const result = adapter.translateWhole(text, {}, plan({ stream: false }));
    return result.kind === 'failed' ? result : (JSON.parse(result.text) as unknown);
  };

  it("is converted to OpenAI's form", () => {
    expect(whole(last({ message: { content: 'a', thinking: 'hm' } }))).toEqual({
      id: 'chatcmpl-request',
      object: 'chat.completion',
      created: 1_716_582_406,
      model: 'm:1b',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', refusal: null, content: 'a', reasoning_content: 'hm' },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    });
    expect(whole(last({ message: { content: '', tool_calls: [call('f', {})] } }))).toMatchObject({
      choices: [{ message: { content: null, tool_calls: [{ id: 'call_request_0' }] }, finish_reason: 'tool_calls' }],
    });
  });

  it.each([
    ['<html>', 'malformed'],
    ['{"done":true}', 'malformed'],
    ['{"error":"boom"}', 'server'],
  ])('fails on %s', (text, kind) => expect(whole(text)).toMatchObject({ kind: 'failed', failure: { kind } }));
});

describe('an error of Ollama', () => {
  it.each([
    [404, '{"error":"model \'x\' not found"}', 'not_found', "model 'x' not found"],
    [400, '{"error":"\\"x\\" does not support tools"}', 'invalid_request', '"x" does not support tools'],
    [503, '{"error":"server busy, please try again."}', 'server', 'server busy, please try again.'],
    [401, '{"error":"unauthorized"}', 'authentication', 'unauthorized'],
  ])('with status %i keeps its text: %s', (status, text, kind, message) => {
    expect(adapter.toFailure({ status, headers: {}, receivedAt: 0 }, text)).toMatchObject({ kind, message, status });
  });
});
