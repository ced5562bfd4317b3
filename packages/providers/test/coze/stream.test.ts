import { providers, type StreamTranslator } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers.coze.create({});

interface Event {
  readonly event?: string;
  readonly data: string;
}

const ids = { conversation_id: '7381473525342978089', bot_id: '7300000000000000001' };
const chatId = '7382159487131697202';
const chat = (status: string, more: object = {}): Event => ({
  event: `conversation.chat.${status}`,
  data: JSON.stringify({ id: chatId, ...ids, status, last_error: { code: 0, msg: '' }, ...more }),
});
const message = (how: 'delta' | 'completed', fields: object): Event => ({
  event: `conversation.message.${how}`,
  data: JSON.stringify({ id: 'm1', ...ids, chat_id: chatId, role: 'assistant', type: 'answer', ...fields }),
});
const created = chat('created', { created_at: 1_730_713_302 });
const completed = chat('completed', { usage: { token_count: 9, output_count: 2, input_count: 7 } });
const done: Event = { event: 'done', data: '"[DONE]"' };

interface Chunk {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly choices: readonly {
    readonly delta: { readonly content?: string; readonly reasoning_content?: string };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: object;
}

function translate(events: readonly Event[], { ends = true } = {}) {
  const translator: StreamTranslator = adapter.translateStream(
    { stream_options: { include_usage: true } },
    plan({ model: 'bot-1' }),
  );
  const text = events.map((event) => translator.push(event)).join('') + (ends ? translator.end() : '');
  const chunks = text
    .split('\n\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line.replace('data: ', '')) as Chunk);
  const deltas = chunks.map(({ choices }) => choices[0]?.delta ?? {});
  return {
    translator,
    chunks,
    content: deltas.map(({ content }) => content ?? '').join(''),
    reasoning: deltas.map(({ reasoning_content: thoughts }) => thoughts ?? '').join(''),
  };
}

describe('a stream of Coze', () => {
  it('counts heartbeats while the bot works without output', () => {
    const verbose = message('completed', { type: 'verbose', content: '{}' });
    const call = message('completed', { type: 'function_call', content: '{}' });
    const { translator, chunks } = translate([created, chat('in_progress'), call, verbose], { ends: false });
    expect([translator.heartbeats, chunks]).toEqual([4, []]);
    expect(translate([message('delta', { content: 'x' })], { ends: false }).translator.heartbeats).toBe(0);
  });

  it('becomes the chunks of one answer', () => {
    const { chunks, content, reasoning, translator } = translate([
      created,
      chat('in_progress'),
      message('delta', { content: '', reasoning_content: 'Hm' }),
      message('delta', { content: 'Hel' }),
      message('delta', { content: 'lo' }),
      message('completed', { content: 'Hello', reasoning_content: 'Hm' }),
      completed,
      done,
    ]);
    expect([content, reasoning]).toEqual(['Hello', 'Hm']);
    expect(chunks[0]).toMatchObject({ id: `chatcmpl-${chatId}`, created: 1_730_713_302, model: 'bot-1' });
    expect(chunks.at(-2)).toMatchObject({ choices: [{ delta: {}, finish_reason: 'stop' }] });
    const usage = { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 };
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage });
    expect(translator.state).toMatchObject({ kind: 'complete', summary: { usage, finishReason: 'stop' } });
  });

  it('is complete when its chat is, whatever follows', () => {
    const { translator } = translate([created, message('delta', { content: 'a' }), completed], { ends: false });
    expect(translator.state.kind).toBe('complete');
    expect(translator.push({ event: 'conversation.audio.delta', data: '{"content":"UklG"}' })).toBe('');
    expect(translator.push(done)).toBe('');
  });

  it('uses the whole text of a message that did not come in pieces', () => {
    const { content, reasoning } = translate([
      message('delta', { content: '' }),
      message('completed', { content: 'Hello', reasoning_content: 'Hm' }),
      completed,
    ]);
    expect([content, reasoning]).toEqual(['Hello', 'Hm']);
  });

  it('puts a blank line between two answers', () => {
    const { content } = translate([
      message('delta', { content: 'a' }),
      message('delta', { content: 'b' }),
      message('completed', { content: 'ab' }),
      message('delta', { id: 'm2', content: 'c' }),
      message('completed', { id: 'm3', content: 'd' }),
      completed,
    ]);
    expect(content).toBe('ab\n\nc\n\nd');
  });

  it.each(['verbose', 'follow_up', 'knowledge', 'function_call', 'tool_output', 'tool_response', 'question'])(
    'omits messages of type %s',
    (type) => {
      const { content } = translate([
        message('delta', { content: 'a' }),
        message('delta', { id: 'm2', type, content: 'x' }),
        message('completed', { id: 'm2', type, content: 'x' }),
        completed,
      ]);
      expect(content).toBe('a');
    },
  );

  it('may be an empty answer', () => {
    const { chunks, translator } = translate([created, completed, done]);
    expect(chunks[0]).toMatchObject({ choices: [{ delta: { role: 'assistant', content: '' } }] });
    expect(translator.state.kind).toBe('complete');
  });

  it.each<[string, Event[], object]>([
    ['cut', [created, message('delta', { content: 'a' })], { kind: 'truncated' }],
    [
      'ended without the chat being complete',
      [created, message('delta', { content: 'a' }), done],
      { kind: 'truncated' },
    ],
    [
      'the end mark of a Studio alone',
      [created, { event: 'conversation.stream.done', data: '' }],
      { kind: 'truncated' },
    ],
    ['empty', [], { kind: 'truncated' }],
    [
      'a failed chat',
      [created, chat('failed', { last_error: { code: 5000, msg: 'event interval error' } })],
      { kind: 'server', code: '5000', message: 'event interval error' },
    ],
    [
      'a failed chat whose reason comes after it',
      [created, chat('failed'), { event: 'error', data: '{"code":103100002,"msg":"no agent"}' }],
      { kind: 'not_found', code: undefined, message: 'no agent' },
    ],
    ['a failed chat without a reason', [created, chat('failed'), done], { kind: 'server' }],
    ['a failed chat without a reason, cut', [created, chat('failed')], { kind: 'server' }],
    ['an error event', [created, { event: 'error', data: '{"code":4013,"msg":"slow"}' }], { kind: 'rate_limit' }],
    ['an error event without a message', [{ event: 'error', data: '{}' }], { kind: 'server' }],
    ['an error event without data', [{ event: 'error', data: '' }], { kind: 'server' }],
    ['a bare error', [created, { data: '{"code":4101,"msg":"no"}' }], { kind: 'permission', code: '4101' }],
    ['a cancelled chat', [created, chat('canceled')], { kind: 'unexpected', code: 'canceled' }],
    ['a cancelled chat of a Studio', [created, chat('cancelled')], { kind: 'unexpected', code: 'cancelled' }],
    ['a tool for the caller', [created, chat('requires_action')], { kind: 'unexpected', code: 'requires_action' }],
    [
      'a tool for the caller of a Studio',
      [created, chat('required_action')],
      { kind: 'unexpected', message: expect.stringContaining('waits for the result of a tool') as string },
    ],
    ['a broken message', [created, { event: 'conversation.message.delta', data: '{"id' }], { kind: 'malformed' }],
    ['a broken end', [created, { event: 'conversation.chat.completed', data: '{"id' }], { kind: 'malformed' }],
  ])('fails on %s', (_what, events, failure) => {
    expect(translate(events).translator.state).toMatchObject({ kind: 'failed', failure });
  });

  it.each<[string, Event]>([
    ['of an unknown kind', { event: 'conversation.ack', data: '{}' }],
    ['without a name', { data: '{"code":0}' }],
    ['of a chat with odd fields', chat('in_progress', { usage: 'none', last_error: 3, created_at: 'now' })],
  ])('ignores events %s', (_what, event) => {
    expect(translate([event, message('delta', { content: 'a' }), completed]).content).toBe('a');
  });
});

describe('the call that stops a stream of Coze', () => {
  it.each([
    ['chat', created],
    ['message', message('delta', { content: 'a' })],
  ])("contains the chat's id, known from a %s", (_what, event) => {
    const { translator } = translate([event], { ends: false });
    expect(translator.toCancel?.()).toMatchObject({
      method: 'POST',
      url: 'http://upstream.example/v1/v3/chat/cancel',
      headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
      body: JSON.stringify({ conversation_id: ids.conversation_id, chat_id: chatId }),
    });
  });

  it.each<[string, Event[]]>([
    ['nothing has begun', []],
    ['its ids are numbers, which have lost digits', [chat('created', { id: 1, conversation_id: 2 })]],
    ['it is complete', [created, completed]],
    ['it has failed', [created, { event: 'error', data: '{}' }]],
  ])('is absent if %s', (_what, events) => {
    expect(translate(events, { ends: false }).translator.toCancel?.()).toBeUndefined();
  });
});
