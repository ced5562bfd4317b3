import type { UpstreamEvent } from '@sluice/protocol';
import { type ProviderAdapter, providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

/** Events of a provider's stream, for the same content in each protocol. */
interface Words {
  readonly adapter: ProviderAdapter;
  /** Events at the start, with the answer's id. */
  start(id: string): readonly UpstreamEvent[];
  text(text: string, id?: string): UpstreamEvent;
  /** An event without content. */
  readonly empty: UpstreamEvent;
  /** Events at the end of the message, with or without counts; `length` if the provider supports it. */
  end(reason: 'stop' | 'length', tokens?: number): readonly UpstreamEvent[];
  /** An event with counts only, if the provider sends such events. */
  usage?(tokens: number): UpstreamEvent;
  error: UpstreamEvent;
  /** Events that may follow the end; an empty answer needs them to be complete. */
  readonly over: readonly UpstreamEvent[];
}

const data = (value: unknown, event?: string): UpstreamEvent => ({ data: JSON.stringify(value), event });

const gemini = (parts: readonly object[], more: object = {}, candidate: object = {}): UpstreamEvent =>
  data({ candidates: [{ content: { parts }, ...candidate }], modelVersion: 'model', ...more });
const chat = (status: string, more: object = {}): UpstreamEvent =>
  data({ id: 'chat-1', conversation_id: 'c', ...more }, `conversation.chat.${status}`);
const say = (content: string, id = 'chat-1'): UpstreamEvent =>
  data({ id: 'm', chat_id: id, conversation_id: 'c', type: 'answer', content }, 'conversation.message.delta');
const app = (output: object, more: object = {}): UpstreamEvent => data({ request_id: 'r1', output, ...more });
const web = (update: object): UpstreamEvent => data({ type: 'chat:completion', data: update });
const webUsage = (tokens: number): object => ({
  prompt_tokens: 5,
  completion_tokens: tokens,
  total_tokens: 5 + tokens,
});
const appUsage = (tokens: number): object => ({
  models: [{ model_id: 'model', input_tokens: 5, output_tokens: tokens }],
});
const geminiUsage = (tokens: number): object => ({ promptTokenCount: 5, candidatesTokenCount: tokens });

const all: Readonly<Record<string, Words>> = {
  gemini: {
    adapter: providers.gemini.create({}),
    start: (id) => [gemini([{ text: '' }], { responseId: id })],
    text: (text, id) => gemini([{ text }], { responseId: id ?? 'one' }),
    empty: gemini([{ text: '' }]),
    end: (reason, tokens) => [
      gemini([], tokens === undefined ? {} : { usageMetadata: geminiUsage(tokens) }, {
        finishReason: reason === 'stop' ? 'STOP' : 'MAX_TOKENS',
      }),
    ],
    usage: (tokens) => data({ usageMetadata: geminiUsage(tokens) }),
    error: data({ error: { code: 503, status: 'UNAVAILABLE', message: 'overloaded' } }),
    over: [],
  },
  anthropic: {
    adapter: providers.anthropic.create({}),
    start: (id) => [
      data({ type: 'message_start', message: { id, model: 'model', usage: { input_tokens: 5, output_tokens: 1 } } }),
      data({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    ],
    text: (text) => data({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
    empty: data({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: '' } }),
    end: (reason, tokens) => [
      data({
        type: 'message_delta',
        delta: { stop_reason: reason === 'stop' ? 'end_turn' : 'max_tokens' },
        ...(tokens === undefined ? {} : { usage: { input_tokens: 5, output_tokens: tokens } }),
      }),
    ],
    usage: (tokens) =>
      data({ type: 'message_delta', delta: {}, usage: { input_tokens: tokens && 5, output_tokens: tokens } }),
    error: data({ type: 'error', error: { type: 'overloaded_error', message: 'overloaded' } }),
    over: [data({ type: 'message_stop' })],
  },
  ollama: {
    adapter: providers.ollama.create({}),
    start: () => [data({ model: 'model', created_at: '2026-01-01T00:00:00Z', message: { content: '' }, done: false })],
    text: (content) => data({ model: 'model', created_at: '2026-01-01T00:00:09Z', message: { content }, done: false }),
    empty: data({ message: { content: '' }, done: false }),
    end: (reason, tokens) => [
      data({
        message: { content: '' },
        done: true,
        done_reason: reason,
        ...(tokens === undefined ? {} : { prompt_eval_count: 5, eval_count: tokens }),
      }),
    ],
    error: data({ error: 'overloaded' }),
    over: [],
  },
  coze: {
    adapter: providers.coze.create({}),
    start: (id) => [chat('created', { id })],
    text: say,
    empty: say(''),
    end: (_reason, tokens) => [
      chat('completed', tokens === undefined ? {} : { usage: { input_count: 5, output_count: tokens } }),
    ],
    error: data({ code: 5000, msg: 'overloaded' }, 'error'),
    over: [{ event: 'done', data: '"[DONE]"' }],
  },
  bailian: {
    adapter: providers.bailian.create({}),
    start: (id) => [data({ request_id: id, output: { text: '', finish_reason: 'null' } })],
    text: (text, id = 'r1') => data({ request_id: id, output: { text, finish_reason: 'null' } }),
    empty: app({ text: '', finish_reason: 'null' }),
    end: (reason, tokens) => [
      app({ text: '', finish_reason: reason }, tokens === undefined ? {} : { usage: appUsage(tokens) }),
    ],
    usage: (tokens) => app({ text: '', finish_reason: 'null' }, { usage: appUsage(tokens) }),
    error: { event: 'error', comment: 'HTTP_STATUS/503', data: '{"code":"InternalError","message":"overloaded"}' },
    over: [],
  },
  'zai-web': {
    adapter: providers['zai-web'].create({ signing_variant: 'none' }),
    start: () => [],
    text: (text) => web({ delta_content: text, phase: 'answer' }),
    empty: web({ delta_content: '', phase: 'answer' }),
    end: (_reason, tokens) => [
      web({ phase: 'done', done: true, ...(tokens === undefined ? {} : { usage: webUsage(tokens) }) }),
    ],
    usage: (tokens) => web({ phase: 'other', usage: webUsage(tokens) }),
    error: web({ error: { code: 503, detail: 'overloaded' } }),
    over: [{ data: '[DONE]' }],
  },
};

interface Chunk {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly choices: readonly { readonly delta: { readonly content?: string }; readonly finish_reason: string | null }[];
  readonly usage?: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
  };
}

function run({ adapter }: Words, events: readonly UpstreamEvent[]) {
  const translator = adapter.translateStream({ stream_options: { include_usage: true } }, plan());
  const sse = events.map((event) => translator.push(event)).join('') + translator.end();
  const chunks = sse
    .split('\n\n')
    .filter((each) => each !== '')
    .map((each) => JSON.parse(each.slice('data: '.length)) as Chunk);
  const choices = chunks.flatMap((chunk) => chunk.choices);
  return {
    chunks,
    content: choices.map(({ delta }) => delta.content ?? '').join(''),
    reasons: choices.flatMap(({ finish_reason: reason }) => reason ?? []),
    state: translator.state,
    heartbeats: translator.heartbeats,
  };
}

const complete = { kind: 'complete' };

describe.each(Object.entries(all))('a stream of %s', (type, words) => {
  const { start, text, end, empty, error, over } = words;
  const said = [...start('one'), text('Hello, '), text('world.')];
  const whole = { content: 'Hello, world.', reasons: ['stop'], state: complete };

  it('ends with one finish reason, and with a chunk of usage alone', () => {
    const answer = run(words, [...said, ...end('stop', 7), ...over]);
    expect(answer).toMatchObject(whole);
    expect(answer.chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 7 } });
    expect(answer.chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    expect(answer.chunks.slice(0, -1).every((chunk) => chunk.choices.length === 1)).toBe(true);
  });

  it.each(['{"torn', 'ping', '<html>', '[]', '['.repeat(1e6), `{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`])(
    'with an unreadable event fails: %.9s',
    (data) => {
      const failure = { kind: 'malformed' };
      const { state, reasons } = run(words, [...said, { data }, text('More.'), ...end('stop'), ...over]);
      expect(state).toMatchObject({ kind: 'failed', failure });
      expect(reasons).toEqual([]);
    },
  );

  it('sends nothing after its end', () => {
    const later = [text(' AND MORE'), { data: 'garbage' }, text('!')];
    expect(run(words, [...said, ...end('stop', 7), ...later, ...over])).toMatchObject(whole);
  });

  it('fails on an error before its end, and not on one after it', () => {
    expect(run(words, [...said, error, ...over]).state).toMatchObject({ kind: 'failed' });
    expect(run(words, [...said, ...end('stop', 7), ...over, error]).state).toMatchObject(complete);
  });

  it('uses the first of two finish reasons', () => {
    const isMute = type === 'coze' || type === 'zai-web';
    const answer = run(words, [...said, ...end(isMute ? 'stop' : 'length'), ...end('stop', 7), ...over]);
    expect(answer.reasons).toEqual([isMute ? 'stop' : 'length']);
    expect(answer.state).toMatchObject(complete);
  });

  it('is truncated without its end', () => {
    expect(run(words, said)).toMatchObject({ reasons: [], state: { kind: 'failed', failure: { kind: 'truncated' } } });
  });

  it('has one id, one model and one time in all chunks', () => {
    const answer = run(words, [...start('one'), text('a'), text('b', 'two'), ...end('stop', 7), ...over]);
    for (const name of ['id', 'created', 'model'] as const) {
      expect(new Set(answer.chunks.map((chunk) => chunk[name])).size).toBe(1);
    }
    expect(answer.chunks[0]?.id).not.toContain('two');
  });

  it('sends nothing for events without content, and limits how long they count as heartbeats', () => {
    const { chunks, heartbeats = 0 } = run(words, [...start('one'), ...Array.from({ length: 20_000 }, () => empty)]);
    expect(chunks).toEqual([]);
    expect(heartbeats).toBeLessThanOrEqual(10_000);
  });

  it('keeps its counts when zeros follow them', () => {
    const counted = words.usage === undefined ? [] : [words.usage(7)];
    const zeros = words.usage === undefined ? [] : [words.usage(0)];
    const { state } = run(words, [
      ...said,
      ...counted,
      ...zeros,
      ...end('stop', words.usage === undefined ? 7 : 0),
      ...over,
    ]);
    expect(state).toMatchObject({ summary: { usage: { prompt_tokens: 5, completion_tokens: 7 } } });
  });

  it.each(words.usage === undefined ? [] : [words.usage])('accepts counts after its end', (usage) => {
    const { state } = run(words, [...said, ...end('stop'), usage(7), ...over]);
    expect(state).toMatchObject({ summary: { usage: { completion_tokens: 7 } } });
  });

  it.each([1e12, Number.MAX_SAFE_INTEGER, 1e300, -1, 0.5])('has no implausible count: %d', (tokens) => {
    const { state } = run(words, [...said, ...end('stop', tokens), ...over]);
    expect(state).toMatchObject(complete);
    const usage = state.kind === 'complete' ? state.summary.usage : undefined;
    for (const count of Object.values(usage ?? {})) {
      if (typeof count === 'number') expect(count).toBeLessThanOrEqual(1e9);
    }
    expect(usage?.completion_tokens ?? 0).toBeGreaterThanOrEqual(0);
  });
});
