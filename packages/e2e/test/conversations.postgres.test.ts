import { createTestDatabase, simulatorControl, until } from '@sluice/testkit';
import type { OpenAI } from 'openai';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { apiKey, ask, type Sluice, startSluice, textOf } from './sluice.ts';

const otherKey = 'sk-test-other-0001';
let sluice: Sluice;
let client: OpenAI;

beforeAll(async () => {
  const url = await createTestDatabase();
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    config: (simulatorUrl) => ({
      keys: [
        { name: 'test', key: apiKey },
        { name: 'other', key: otherKey },
      ],
      upstreams: [
        { id: 'sim', type: 'openai', base_url: `${simulatorUrl}/v1`, credentials: [{ id: 'a', api_key: 'tok-sim-a' }] },
      ],
      database: { url },
    }),
  });
  client = sluice.client();
  // The recorder migrates the database after the start.
  await until(() => client.conversations.create({}).catch(() => false), {
    what: 'the migrated database',
    timeoutMs: 60_000,
    intervalMs: 100,
  });
});
beforeEach(() => simulatorControl(sluice.simulatorProcess.url).reset());

const plain = (path: string, init: { method?: string; key?: string; body?: object } = {}): Promise<Response> =>
  fetch(`${sluice.fleet.urls[0]}${path}`, {
    method: init.method ?? 'GET',
    headers: { authorization: `Bearer ${init.key ?? apiKey}`, 'content-type': 'application/json' },
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
  });

/** Sends a turn of a conversation. */
const turn = (conversation: string, content: string, fields: object = {}) =>
  plain('/v1/chat/completions', { method: 'POST', body: { ...ask('demo-t3', content), conversation, ...fields } });

const messageSchema = z.object({ role: z.string(), content: z.array(z.object({ text: z.string() })) });
const shownSchema = z.object({ message_count: z.number(), messages: z.array(messageSchema) });
const shown = async (id: string) => shownSchema.parse(await (await plain(`/conversations/${id}`)).json());
const textsOf = async (id: string): Promise<readonly string[]> =>
  (await shown(id)).messages.map(({ role, content }) => `${role}: ${content.map(({ text }) => text.trim()).join('')}`);

describe("OpenAI's client", () => {
  it('creates, changes, lists and deletes conversations and their items', async () => {
    const created = await client.conversations.create({
      metadata: { topic: 'demo' },
      items: [{ type: 'message', role: 'user', content: 'Hello!' }],
    });
    expect(created).toMatchObject({ object: 'conversation', metadata: { topic: 'demo' } });
    expect(await client.conversations.retrieve(created.id)).toMatchObject({ id: created.id });
    expect(await client.conversations.update(created.id, { metadata: { topic: 'new' } })).toMatchObject({
      metadata: { topic: 'new' },
    });
    const added = await client.conversations.items.create(created.id, {
      items: [
        { type: 'message', role: 'assistant', content: 'Yes?' },
        { type: 'function_call', call_id: 'c', name: 'now', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c', output: 'noon' },
      ],
    });
    expect(added.data.map(({ type }) => type)).toEqual(['message', 'function_call', 'function_call_output']);
    const all: string[] = [];
    for await (const item of client.conversations.items.list(created.id, { order: 'asc', limit: 3 })) {
      all.push(item.type);
    }
    expect(all).toEqual(['message', 'message', 'function_call', 'function_call_output']);
    const [, call] = added.data;
    const itemId = call !== undefined && 'id' in call ? call.id : '';
    const inConversation = { conversation_id: created.id };
    expect(await client.conversations.items.retrieve(itemId, inConversation)).toMatchObject({ name: 'now' });
    expect(await client.conversations.items.delete(itemId, inConversation)).toMatchObject({ id: created.id });
    expect(await client.conversations.delete(created.id)).toMatchObject({ deleted: true });
    expect((await plain(`/v1/conversations/${created.id}`)).status).toBe(404);
  });
});

describe('a chat that names a conversation', () => {
  it('continues it, whole and streamed, and stores question and answer', async () => {
    const { id } = await client.conversations.create({});
    expect((await turn(id, 'rid=one')).status).toBe(200);
    const second = { ...ask('demo-t3', 'rid=two'), stream: true as const, conversation: { id } };
    const stream = await client.chat.completions.create(second);
    expect(await textOf(stream)).toContain('two.0');
    await until(async () => (await shown(id)).message_count === 4, { what: 'both turns' });
    expect(await textsOf(id)).toEqual([
      'user: rid=one',
      'assistant: one.0 one.1 one.2',
      'user: rid=two',
      'assistant: two.0 two.1 two.2',
    ]);
  });

  it('sends the stored messages between instructions and question, and stores no instructions', async () => {
    const { id } = await client.conversations.create({ items: [{ role: 'user', content: 'before' }] });
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'rid=now' },
    ];
    const answer = await plain('/chat/completions', {
      method: 'POST',
      body: { model: 'demo-t1', messages, conversation_id: id },
    });
    const { usage } = z.object({ usage: z.object({ prompt_tokens: z.number() }) }).parse(await answer.json());
    expect(usage.prompt_tokens).toBeGreaterThan(0);
    await until(async () => (await shown(id)).message_count === 3, { what: 'the turn' });
    expect(await textsOf(id)).toEqual(['user: before', 'user: rid=now', 'assistant: now.0']);
  });

  it('stores nothing of an answer that fails', async () => {
    const { id } = await client.conversations.create({});
    expect((await turn(id, 'x', { model: 'demo-e400' })).status).toBe(400);
    expect((await turn(id, 'rid=good')).status).toBe(200);
    await until(async () => (await shown(id)).message_count === 2, { what: 'the turn' });
  });

  it('is refused if the stored items have more elements than a request may have', async () => {
    const { id } = await client.conversations.create({});
    const content = [{ type: 'blob', list: Array.from({ length: 60_000 }, () => 1) }];
    for (const _part of [1, 2]) {
      const body = { items: [{ role: 'user', content }] };
      expect((await plain(`/v1/conversations/${id}/items`, { method: 'POST', body })).status).toBe(200);
    }
    const refused = await turn(id, 'And?');
    expect(await refused.json()).toMatchObject({ error: { code: 'request_too_large' } });
    expect(refused.status).toBe(413);
  });

  it('is refused if the conversation is unknown or of the wrong type', async () => {
    expect((await turn('conv_unknown', 'x')).status).toBe(404);
    expect((await turn('x', 'x', { conversation: 7 })).status).toBe(400);
  });
});

describe("another key's conversation", () => {
  it('does not exist on any route', async () => {
    const { id } = await client.conversations.create({ items: [{ role: 'user', content: 'secret' }] });
    const page = await client.conversations.items.list(id);
    const [item] = page.data;
    const itemId = item !== undefined && 'id' in item ? item.id : '';
    const items = [{ role: 'user', content: 'x' }];
    const asked = [
      ['GET', `/v1/conversations/${id}`],
      ['POST', `/v1/conversations/${id}`, { metadata: {} }],
      ['GET', `/v1/conversations/${id}/items`],
      ['POST', `/v1/conversations/${id}/items`, { items }],
      ['GET', `/v1/conversations/${id}/items/${itemId}`],
      ['DELETE', `/v1/conversations/${id}/items/${itemId}`],
      ['POST', '/v1/chat/completions', { ...ask('demo-t1'), conversation: id }],
      ['DELETE', `/v1/conversations/${id}`],
    ] as const;
    for (const [method, path, body] of asked) {
      for (const each of path.startsWith('/v1') ? [path, path.slice(3)] : [path]) {
        const { status } = await plain(each, { method, key: otherKey, ...(body === undefined ? {} : { body }) });
        expect([method, each, status]).toEqual([method, each, 404]);
      }
    }
    expect(await textsOf(id)).toEqual(['user: secret']);
  });
});

describe('a text that PostgreSQL refuses', () => {
  it.each<[string, string, { method?: string; body?: object }?]>([
    ['the id', '/v1/conversations/a%00b'],
    ['the id of an item', '/v1/conversations/conv_x/items/%00'],
    ['the person', '/conversations/user/%00'],
    ['a new person', '/conversations/', { method: 'POST', body: { user_id: 'a\0b' } }],
  ])('is a 400 as %s', async (_what, path, init) => {
    const answer = await plain(path, init);
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { code: 'invalid_value' } }]);
  });

  it('is stored without its zero bytes as a message', async () => {
    const { id } = await client.conversations.create({ items: [{ role: 'user', content: 'a\0b' }] });
    expect(await textsOf(id)).toEqual(['user: ab']);
  });
});

describe("unified-proxy's client", () => {
  it("lists a person's conversations by page", async () => {
    for (const title of ['first', 'second', 'third']) {
      const created = await plain('/conversations/', { method: 'POST', body: { user_id: 'ann', title } });
      expect(created.status).toBe(200);
    }
    await plain('/conversations/', { method: 'POST', key: otherKey, body: { user_id: 'ann', title: 'foreign' } });
    const list = z.object({ data: z.array(z.object({ title: z.string() })), total: z.number(), has_more: z.boolean() });
    const page = async (number: number) =>
      list.parse(await (await plain(`/conversations/user/ann?page=${number}&page_size=2`)).json());
    expect(await page(1)).toEqual({ data: [{ title: 'third' }, { title: 'second' }], total: 3, has_more: true });
    expect(await page(2)).toEqual({ data: [{ title: 'first' }], total: 3, has_more: false });
  });
});
