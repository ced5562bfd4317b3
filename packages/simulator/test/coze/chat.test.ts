import { describe, expect, it } from 'vitest';
import type { Simulator } from '../../src/index.ts';
import { simulate } from '../simulate.ts';

const headers = { authorization: 'Bearer pat_a', 'content-type': 'application/json' };
const question = { role: 'user', type: 'question', content_type: 'text', content: 'rid=r1' };

const post = (simulator: Simulator, path: string, body: object): Promise<Response> =>
  fetch(`${simulator.url}/v3/chat${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
const get = (simulator: Simulator, path: string): Promise<Response> =>
  fetch(`${simulator.url}/v3/chat${path}`, { headers });
const bodyFor = (bot: string, more: object = {}): object => ({
  bot_id: bot,
  user_id: 'u',
  stream: true,
  auto_save_history: false,
  additional_messages: [question],
  ...more,
});
const streamOf = async (simulator: Simulator, bot: string): Promise<string> =>
  (await post(simulator, '', bodyFor(bot))).text();

interface Envelope {
  readonly code: number;
  readonly data: {
    readonly id: string;
    readonly conversation_id: string;
    readonly status: string;
    readonly usage: { readonly output_count: number };
  };
}

async function begun(simulator: Simulator, bot: string): Promise<{ ids: Envelope['data']; query: string }> {
  const response = await post(simulator, '', bodyFor(bot, { stream: false, auto_save_history: true }));
  const { data } = (await response.json()) as Envelope;
  return { ids: data, query: `?conversation_id=${data.conversation_id}&chat_id=${data.id}` };
}

/** Returns the names of events, and the content of those with one. */
const told = (stream: string): readonly (readonly [string, string | undefined])[] =>
  [...stream.matchAll(/event:(\S+)\n(?:data:(.*)\n)?/g)].map(([, name = '', data = 'null']) => {
    const value = JSON.parse(data) as { readonly content?: string } | string | null;
    return [name, typeof value === 'object' ? value?.content : value];
  });

const delta = 'conversation.message.delta';
const completed = 'conversation.message.completed';

describe('a streamed chat of Coze', () => {
  it('comes in pieces, again as a whole, and with messages that are not answers', async () => {
    const simulator = await simulate();
    const stream = await streamOf(simulator, '7300000000000000001-q1-t2');
    expect(told(stream)).toEqual([
      ['conversation.chat.created', undefined],
      ['conversation.chat.in_progress', undefined],
      [delta, ''],
      [delta, 'r1.0 '],
      [delta, 'r1.1 '],
      [completed, 'r1.0 r1.1 '],
      [completed, expect.stringContaining('generate_answer_finish')],
      [completed, 'What else?'],
      ['conversation.chat.completed', undefined],
      ['done', '[DONE]'],
    ]);
    expect(stream).toMatch(/"id":"738\d{16}"/);
    expect(stream).toContain('"reasoning_content":"think0 "');
    expect(stream).toContain('"output_count":3');
    expect(await streamOf(simulator, '7300000000000000001-q1-t2')).toBe(stream);
  });

  it('of a Studio ends with a mark that has no data', async () => {
    const stream = await streamOf(await simulate(), 'b-studio-t1');
    expect(stream).toMatch(/event:conversation\.stream\.done\n\n$/);
  });

  it.each([
    ['b-two-t1', [completed, 'And another answer.']],
    ['b-audio-t1', ['conversation.audio.delta', 'UklGRg==']],
    ['b-action-t1', ['conversation.chat.requires_action', undefined]],
    ['b-studio-action-t1', ['conversation.chat.required_action', undefined]],
    ['b-canceled-t1', ['conversation.chat.canceled', undefined]],
    ['b-studio-canceled-t1', ['conversation.chat.cancelled', undefined]],
    ['b-errev', ['conversation.chat.failed', undefined]],
    ['b-mute-errev', ['error', undefined]],
  ])('of %s contains %j', async (bot, event) => {
    expect(told(await streamOf(await simulate(), bot))).toContainEqual(event);
  });

  it('may come without pieces, or end with bare JSON', async () => {
    const simulator = await simulate();
    expect(told(await streamOf(simulator, 'b-whole-t2')).map(([name]) => name)).not.toContain(delta);
    expect(await streamOf(simulator, 'b-bare-errev')).toMatch(/\n\n\{"code":4101,[^\n]*\}$/);
  });
});

describe('a polled chat of Coze', () => {
  it('runs for the time of its tokens, and then has its messages', async () => {
    const simulator = await simulate();
    const slow = await begun(simulator, 'b-t2-i600000');
    expect(slow.ids.status).toBe('in_progress');
    expect(await (await get(simulator, `/retrieve${slow.query}`)).json()).toMatchObject({
      code: 0,
      data: { status: 'in_progress' },
    });
    const { query } = await begun(simulator, 'b-t2');
    for (const retrieve of [get(simulator, `/retrieve${query}`), post(simulator, `/retrieve${query}`, {})]) {
      const { data } = (await (await retrieve).json()) as Envelope;
      expect(data).toMatchObject({ status: 'completed', usage: { output_count: 2 } });
    }
    expect(await (await get(simulator, `/message/list${query}`)).json()).toMatchObject({
      data: [{ type: 'answer', content: 'r1.0 r1.1 ' }, { type: 'verbose' }, { type: 'follow_up' }],
    });
  });

  it('can be cancelled while it runs', async () => {
    const simulator = await simulate();
    const { ids, query } = await begun(simulator, 'b-t2-i600000');
    const names = { conversation_id: ids.conversation_id, chat_id: ids.id };
    expect(await (await post(simulator, '/cancel', names)).json()).toMatchObject({ data: { status: 'canceled' } });
    expect(await (await get(simulator, `/retrieve${query}`)).json()).toMatchObject({ data: { status: 'canceled' } });
    expect(await (await post(simulator, '/cancel', names)).json()).toMatchObject({ code: 4104 });
  });

  it('of a Studio is retrieved only by GET', async () => {
    const simulator = await simulate();
    const { query } = await begun(simulator, 'b-studio-t1');
    expect((await post(simulator, `/retrieve${query}`, {})).status).toBe(405);
    expect((await get(simulator, `/retrieve${query}`)).status).toBe(200);
  });

  it('is not found by other ids', async () => {
    const simulator = await simulate();
    const { ids } = await begun(simulator, 'b-t1');
    const response = await get(simulator, `/retrieve?conversation_id=1&chat_id=${ids.id}`);
    expect([response.status, await response.json()]).toMatchObject([404, { code: 4200 }]);
    expect((await post(simulator, '/cancel', [])).status).toBe(404);
  });
});

describe('an error of Coze', () => {
  it.each([
    ['b-e429', 429, 4013],
    ['b-soft-e429', 200, 4013],
    ['b-busy0', 400, 4016],
    ['b-e401', 401, 4100],
    ['b-studio-e401', 200, 700_012_006],
    ['b-e403', 403, 4101],
    ['b-e404', 404, 4200],
    ['b-e503', 503, 5000],
    ['b-e418', 418, 4000],
    ['b-ctxlen', 400, 4000],
    ['b-policy', 400, 4000],
    ['b-quota', 402, 4028],
  ])('of %s has status %i and code %i', async (bot, status, code) => {
    const response = await post(await simulate(), '', bodyFor(bot));
    expect([response.status, await response.json()]).toMatchObject([status, { code }]);
  });

  it.each([
    [{ bot_id: 7300 }],
    [{ user_id: '' }],
    [{ additional_messages: [] }],
    [{ additional_messages: [{ ...question, role: 'system' }] }],
    [{ additional_messages: [{ ...question, type: 'answer' }] }],
    [{ additional_messages: [{ ...question, content: [] }] }],
    [{ additional_messages: [{ ...question, content_type: 'object_string' }] }],
    [{ additional_messages: [{ ...question, content_type: 'object_string', content: '[{"type":"image"}]' }] }],
    [{ additional_messages: [question, { ...question, role: 'assistant', type: 'answer' }] }],
    [{ additional_messages: Array.from({ length: 101 }, () => question) }],
    [{ stream: false }],
    [{ parameters: '{}' }],
  ])('refuses a request with %j', async (fields) => {
    const response = await post(await simulate(), '', bodyFor('b', fields));
    expect([response.status, await response.json()]).toMatchObject([400, { code: 4000 }]);
  });
});
