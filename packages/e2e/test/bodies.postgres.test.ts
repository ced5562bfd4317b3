import { randomUUID } from 'node:crypto';
import { type Store, connectStore } from '@sluice/store';
import type { RedisConnection } from '@sluice/redis';
import { afterFile, type PostgresServer, startPostgres, until } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dumpRedis, findCanaries } from './canaries.ts';
import { ownRedis } from './own-redis.ts';
import { apiKey, ask, type Sluice, startSluice } from './sluice.ts';

const adminKey = 'sk-test-admin-0001';
const silentKey = 'sk-test-silent-0001';
/** No known form of a secret: only its role hides it. */
const plainKey = 'abcdWrenClientQxwxyz';
const canaries = {
  prompt: 'WrenPromptQx',
  answer: 'WrenAnswerQx',
  secret: 'WrenSecretQx',
  client: 'WrenClientQx',
} as const;

const bodySchema = z
  .object({ bytes: z.number(), truncated: z.boolean(), text: z.string().nullable(), unreadable: z.string().optional() })
  .nullable();
const detailsSchema = z.object({
  internal_id: z.string(),
  bodies: z.object({ request: bodySchema, response: bodySchema }),
});
type Details = z.infer<typeof detailsSchema>;

let redis: RedisConnection;
let server: PostgresServer;
let store: Store;
/** Keeps bodies. */
let sluice: Sluice;
/** Keeps none, has another secret, and reads the same database. */
let other: Sluice;

beforeAll(async () => {
  const own = await ownRedis();
  redis = own.redis;
  server = await startPostgres();
  afterFile(() => server.stop());
  store = connectStore({
    url: server.url,
    poolSize: 1,
    statementTimeoutMs: 10_000,
    connectTimeoutMs: 5000,
    onError: () => undefined,
  });
  afterFile(() => store.close());
  const start = (logBodies: boolean, secret: string): Promise<Sluice> =>
    startSluice({
      ingresses: 1,
      workers: 1,
      redis: { url: own.url },
      env: { SLUICE_SECRET_KEY: secret, LOG_LEVEL: 'trace' },
      config: {
        keys: [
          { name: 'kept', key: apiKey, log_bodies: true },
          { name: 'plain', key: plainKey, log_bodies: true },
          { name: 'silent', key: silentKey },
          { name: 'admin', key: adminKey, admin: true },
        ],
        database: { url: server.url },
        records: { log_bodies: logBodies, max_body_bytes: 4096 },
        retry: { max_attempts: 1 },
      },
    });
  sluice = await start(true, 'secret-of-the-operator-0001');
  other = await start(false, 'another-secret-of-another-0002');
});

interface Sent {
  readonly id: string;
  readonly status: number;
  readonly text: string;
  readonly body: string;
}

async function send(body: object, { key = apiKey, path = '/chat/completions', to = sluice } = {}): Promise<Sent> {
  const id = randomUUID();
  const text = JSON.stringify(body);
  const response = await fetch(`${to.url()}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-request-id': id },
    body: text,
  });
  return { id, status: response.status, text: await response.text(), body: text };
}

async function show(id: string, of = sluice): Promise<Details | undefined> {
  const response = await fetch(`${of.fleet.urls[0]}/admin/requests/${id}`, {
    headers: { authorization: `Bearer ${adminKey}` },
  });
  return response.status === 200 ? detailsSchema.parse(await response.json()) : undefined;
}

const waiting = { timeoutMs: 30_000 };

/** Returns a request with both of its bodies. */
const shown = (id: string, of = sluice): Promise<Details> =>
  until(
    async () => {
      const found = await show(id, of);
      return found?.bodies.request != null && found.bodies.response !== null && found;
    },
    { what: `the bodies of ${id}`, ...waiting },
  );

const prompt = (fields = '') => `What is ${canaries.prompt}? ${fields}rid=${canaries.answer}`;

describe('the bodies of a request whose key and configuration both say so', () => {
  it('are kept as sent: a whole answer', async () => {
    const sent = await send(ask('demo-t5', prompt()));
    const { request, response } = (await shown(sent.id)).bodies;
    expect(request).toEqual({ bytes: Buffer.byteLength(sent.body), truncated: false, text: sent.body });
    expect(response).toEqual({ bytes: Buffer.byteLength(sent.text), truncated: false, text: sent.text });
  });

  it('are kept with the events of a stream put together', async () => {
    const sent = await send({ ...ask('demo-t5', prompt()), stream: true });
    const { response } = (await shown(sent.id)).bodies;
    expect(response?.bytes).toBeGreaterThan(500);
    expect(JSON.parse(response?.text ?? '')).toMatchObject({
      object: 'chat.completion',
      choices: [
        {
          message: { content: [0, 1, 2, 3, 4].map((seq) => `${canaries.answer}.${seq} `).join('') },
          finish_reason: 'stop',
        },
      ],
    });
  });

  it.each([
    ['a refusal of the provider', ask('demo-e400', prompt()), 400],
    ['a request that is not valid', { model: 'demo', messages: [] }, 400],
  ])('are kept with the error: %s', async (_what, body, status) => {
    const sent = await send(body);
    expect(sent.status).toBe(status);
    expect((await shown(sent.id)).bodies).toMatchObject({
      request: { text: sent.body },
      response: { text: sent.text, truncated: false },
    });
  });

  it('are kept with the error that ends a stream', async () => {
    const sent = await send({ ...ask('demo-t20-i5-reset', prompt()), stream: true });
    const { response } = (await shown(sent.id)).bodies;
    expect(JSON.parse(response?.text ?? '')).toMatchObject({ error: { type: expect.any(String) as string } });
  });

  it('are kept with what a client had got when it left', async () => {
    const id = randomUUID();
    const controller = new AbortController();
    const response = await fetch(`${sluice.url()}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'x-request-id': id },
      body: JSON.stringify({ ...ask('demo-t1000-i20', prompt()), stream: true }),
      signal: controller.signal,
    });
    await response.body?.getReader().read();
    controller.abort();
    const { text = '' } = (await shown(id)).bodies.response ?? {};
    expect(text).toContain(`"content":"${canaries.answer}.0 `);
    expect(text).not.toContain('"finish_reason"');
  });

  it('are kept for embeddings', async () => {
    const sent = await send({ model: 'demo', input: ['one', 'two'] }, { path: '/embeddings' });
    expect((await shown(sent.id)).bodies).toMatchObject({ request: { text: sent.body } });
  });

  it('are cut at their bound, without long base64', async () => {
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'iVBORw0KGgo'.repeat(5000)}` } };
    const text = { type: 'text', text: 'word '.repeat(2000) };
    const sent = await send({ model: 'demo-t1', messages: [{ role: 'user', content: [image, text] }] });
    const { request } = (await shown(sent.id)).bodies;
    expect(request).toMatchObject({ bytes: Buffer.byteLength(sent.body), truncated: true });
    expect(request?.text).toContain('base64,iVBORw0KGgoiVBOR[54984 characters left out]"');
    expect(Buffer.byteLength(request?.text ?? '')).toBe(4096);
  });

  it('are kept for a key of the database, until it says otherwise', async () => {
    const call = async (method: string, path: string, body: object) => {
      const response = await fetch(`${sluice.fleet.urls[0]}/auth/keys${path}`, {
        method,
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return z.object({ id: z.string(), key: z.string().optional() }).parse(await response.json());
    };
    const { id, key = '' } = await call('POST', '', { name: 'stored', log_bodies: true });
    const first = await until(
      async () => {
        const sent = await send(ask('demo-t1', prompt()), { key });
        return sent.status === 200 && sent;
      },
      { what: 'the key to be known', ...waiting },
    );
    expect((await shown(first.id)).bodies.request?.text).toBe(first.body);
    await call('PATCH', `/${id}`, { log_bodies: false });
    await until(
      async () => {
        const sent = await send(ask('demo-t1', prompt()), { key });
        await shown((await send(ask('demo-t1'))).id);
        return (await show(sent.id))?.bodies.request === null;
      },
      { what: 'a request whose bodies are not kept', ...waiting },
    );
  });

  it('are shown to admins alone, who learn when the secret differs', async () => {
    const sent = await send(ask('demo-t1', prompt()));
    const details = await shown(sent.id);
    const response = await fetch(`${sluice.fleet.urls[0]}/admin/requests/${sent.id}`, {
      headers: { authorization: `Bearer ${apiKey}` },
    });
    expect(response.status).toBe(403);
    expect((await response.text()).includes(canaries.prompt)).toBe(false);
    const unreadable = { text: null, unreadable: expect.stringMatching(/another SLUICE_SECRET_KEY/) as string };
    expect(await show(details.internal_id, other)).toMatchObject({
      bodies: { request: unreadable, response: unreadable },
    });
  });
});

describe('no bodies are kept', () => {
  it.each([
    ['of a key that does not say so', () => ({ key: silentKey, to: sluice })],
    ['while the configuration keeps none', () => ({ key: apiKey, to: other })],
  ])('%s', async (_what, options) => {
    const sent = await send(ask('demo-t2', prompt()), options());
    expect(sent.status).toBe(200);
    // A body of another request that came later is there.
    const later = await send(ask('demo-t1'));
    await shown(later.id);
    const details = await until(() => show(sent.id), { what: 'the request', ...waiting });
    expect(details.bodies).toEqual({ request: null, response: null });
    const rows = store.db.selectFrom('request_bodies').select('id').where('id', '=', details.internal_id);
    expect(await rows.execute()).toEqual([]);
    // The fleet that keeps none has no outbox of bodies.
    expect(await redis.keys('*:outbox:{bodies}')).toHaveLength(1);
  });
});

describe('a plain text of a body', () => {
  /** Returns all rows of all tables as text. */
  async function dumpTables(): Promise<string> {
    const bodies = await store.db.selectFrom('request_bodies').selectAll().execute();
    const others = await Promise.all(
      (['request_logs', 'ledger_requests', 'ledger_attempts', 'skipped_entries'] as const).map((table) =>
        store.db.selectFrom(table).selectAll().execute(),
      ),
    );
    return JSON.stringify([bodies.map((row) => ({ ...row, content: row.content.toString('latin1') })), others]);
  }

  it('is never in Redis after its request, nor in a table or a log; its secrets are not even in the sealed ones', async () => {
    const secret = `sk-${canaries.secret}`;
    const content = `${prompt()} Bearer ${canaries.secret}.x and ${secret} and ${plainKey} `;
    await until(() => show('nothing').then(() => true), { what: 'the admin pages', ...waiting });
    await server.pause();
    const sent: Sent[] = [];
    for (const stream of [true, false]) {
      sent.push(await send({ ...ask('demo-t3', content), stream }, { key: plainKey }));
    }
    expect(sent.map(({ status }) => status)).toEqual([200, 200]);
    const outbox = async (): Promise<string> => dumpRedis(redis, '*:outbox:{bodies}');
    const count = (text: string): number => text.split('\\"kind\\":').length - 1;
    await until(async () => count(await outbox()) >= 4, { what: 'four bodies in Redis', ...waiting });
    // Frames wait in mailboxes for a second.
    await until(async () => findCanaries(await dumpRedis(redis), canaries).length === 0, {
      what: 'Redis without plain text',
      ...waiting,
    });
    await server.resume();
    for (const { id, text } of sent) {
      const { request, response } = (await shown(id)).bodies;
      expect(findCanaries(`${request?.text} ${response?.text}`, canaries).sort()).toEqual(['answer', 'prompt']);
      expect(request?.text).toContain('Bearer [redacted] and [redacted] and [redacted] ');
      expect(text).toContain(canaries.answer);
    }
    expect(findCanaries(await dumpTables(), canaries)).toEqual([]);
    const logs = [sluice, other].flatMap(({ fleet }) => [...fleet.ingresses, ...fleet.workers]);
    expect(findCanaries(logs.map(({ output }) => output()).join('\n'), canaries)).toEqual([]);
  });
});
