import { connect } from '@sluice/redis';
import { createTestDatabase, until } from '@sluice/testkit';
import { APIError } from 'openai';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { apiKey, type Sluice, startSluice } from './sluice.ts';

const adminKey = 'sk-test-admin-0001';
/** Time in which a change reaches every replica. It needs some milliseconds, and half a second where it is polled for. */
const longestChangeMs = 1000;
let sluice: Sluice;
beforeAll(async () => {
  const url = await createTestDatabase();
  sluice = await startSluice({
    ingresses: 2,
    workers: 1,
    config: (simulatorUrl) => ({
      database: { url },
      keys: [
        { name: 'test', key: apiKey, team: 'gray' },
        { name: 'admin', key: adminKey, admin: true },
      ],
      teams: [{ id: 'gray', limits: { rpm: 500 } }],
      upstreams: [
        { id: 'sim', type: 'openai', base_url: `${simulatorUrl}/v1`, credentials: [{ id: 'a', api_key: 'tok-a' }] },
      ],
      models: [{ id: '*', targets: [{ upstream: 'sim' }] }],
    }),
  });
  await until(async () => (await call('GET', '/auth/keys')).status === 200, {
    what: 'the database of the ingresses',
    timeoutMs: 60_000,
  });
});

const json = z.looseObject({
  id: z.string().optional(),
  key: z.string().optional(),
  status: z.string().optional(),
  data: z.array(z.looseObject({ id: z.string(), name: z.string() })).optional(),
  next_after: z.string().nullish(),
  has_more: z.boolean().optional(),
  error: z.looseObject({ code: z.string(), param: z.string().nullable() }).optional(),
});
type Json = z.output<typeof json>;

interface Answer {
  readonly status: number;
  readonly json: Json;
}

interface Call {
  readonly body?: object;
  readonly key?: string;
  readonly at?: number;
}

async function call(method: string, path: string, { body, key = adminKey, at = 0 }: Call = {}): Promise<Answer> {
  const response = await fetch(`${sluice.fleet.urls[at]}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: json.parse(await response.json()) };
}

function fail(error: unknown): never {
  throw error;
}

interface Made {
  readonly id: string;
  readonly key: string;
  readonly answer: Json;
}

async function make(body: object): Promise<Made> {
  const { status, json: answer } = await call('POST', '/auth/keys', { body });
  expect(status).toBe(201);
  return { id: answer.id ?? '', key: answer.key ?? '', answer };
}

/** Returns status and code of a request to a model with this key. */
async function chat(key: string, { at = 1, model = 'demo-t1' } = {}): Promise<string> {
  const body = { model, messages: [{ role: 'user', content: 'hi' }] };
  const { status, json: answer } = await call('POST', '/v1/chat/completions', { body, key, at });
  return status === 200 ? '200' : `${status} ${answer.error?.code}`;
}

/** Waits until the other ingress answers so. Fails if it answers otherwise to a request that was sent after that time. */
async function soon(key: string, expected: string, options: { readonly model?: string } = {}): Promise<void> {
  const changedAt = performance.now();
  for (;;) {
    const isLate = performance.now() - changedAt > longestChangeMs;
    const answer = await chat(key, options);
    if (answer === expected) return;
    if (isLate) expect(answer).toBe(expected);
  }
}

describe('a key of the database', () => {
  it('is made by one ingress, told once, and taken by another within a second', async () => {
    const { id, key, answer } = await make({ name: 'ada', owner: 'Ada', tags: ['t'], limits: { rpm: 100 } });
    expect(answer).toMatchObject({ object: 'key', name: 'ada', source: 'database', status: 'active', owner: 'Ada' });
    await soon(key, '200');
    const shown = await call('GET', `/v1/auth/keys/${id}`, { at: 1 });
    expect(shown.json).toEqual({ ...answer, key: undefined });
    expect(JSON.stringify(shown.json)).not.toContain(key);
  });

  it('is changed for every ingress within a second', async () => {
    const { id, key } = await make({ name: 'models' });
    await soon(key, '200');
    const changed = await call('PATCH', `/auth/keys/${id}`, { body: { models: ['other'], allowed_addresses: [] } });
    expect(changed.json).toMatchObject({ models: ['other'], name: 'models' });
    await soon(key, '403 model_not_allowed');
    await call('PATCH', `/auth/keys/${id}`, { body: { allowed_addresses: ['203.0.113.0/24'] } });
    await soon(key, '403 address_not_allowed');
    await call('PATCH', `/auth/keys/${id}`, { body: { expires_at: 1_700_000_000 } });
    await soon(key, '401 key_expired');
  });

  it('has two secrets for the overlap of a rotation', async () => {
    const { id, key } = await make({ name: 'rotated' });
    const second = await call('POST', `/auth/keys/${id}/rotate`, { body: { overlap_seconds: 60 } });
    expect(second.json).toMatchObject({ id, hints: [expect.any(String), expect.any(String)] });
    await soon(second.json.key ?? '', '200');
    expect(await chat(key)).toBe('200');
    const third = await call('POST', `/auth/keys/${id}/rotate`);
    await soon(third.json.key ?? '', '200');
    expect([await chat(key), await chat(second.json.key ?? '')]).toEqual([
      '401 invalid_api_key',
      '401 invalid_api_key',
    ]);
  });

  it('is refused once it is revoked; running streams end if asked', async () => {
    const { id, key } = await make({ name: 'revoked' });
    await soon(key, '200');
    const stream = await sluice.client({ at: 1, apiKey: key }).chat.completions.create({
      model: 'demo-t1000-i20',
      stream: true,
      messages: [{ role: 'user', content: 'hi' }],
    });
    const reading = (async () => {
      for await (const chunk of stream) void chunk;
    })();
    const ended = reading.then(
      () => 'complete',
      (error: unknown) => (error instanceof APIError ? error.code : error),
    );
    const revoked = await call('DELETE', `/auth/keys/${id}?end_streams=true`);
    expect(revoked.json.status).toBe('revoked');
    expect(await ended).toBe('key_revoked');
    await soon(key, '401 key_revoked');
    expect((await call('PATCH', `/auth/keys/${id}`, { body: { name: 'x' } })).json.error?.code).toBe('key_conflict');
  });

  it('shows its binding limits, and whose they are', async () => {
    await call('POST', '/auth/teams', { body: { id: 'blue', limits: { rpm: 5 }, budgets: { month_usd: 2.5 } } });
    // Another replica takes the team at once, although its memory does not have it yet.
    const other = await call('POST', '/auth/keys', { at: 1, body: { name: 'c', team: 'blue' } });
    expect(other.status).toBe(201);
    await call('DELETE', `/auth/keys/${other.json.id}`);
    const { json: made } = await call('POST', '/auth/keys', {
      body: { name: 'b', team: 'blue', limits: { rpm: 50, tpm: 9 }, budgets: { day_usd: 1, month_usd: 3 } },
    });
    expect(made['binding']).toEqual({
      concurrency: { of: 'fleet', id: null, limit: expect.any(Number) },
      rpm: { of: 'team', id: 'blue', limit: 5 },
      tpm: { of: 'key', id: made.id, limit: 9 },
      day_usd: { of: 'key', id: made.id, limit: 1, spent: 0, remaining: 1 },
      month_usd: { of: 'team', id: 'blue', limit: 2.5, spent: 0, remaining: 2.5 },
    });
    expect((await call('DELETE', '/auth/teams/blue')).json.error?.code).toBe('key_conflict');
    await call('DELETE', `/auth/keys/${made.id}`);
    expect((await call('DELETE', '/auth/teams/blue')).json).toMatchObject({ deleted: true });
  });

  it('is listed by page after those of the file, which are read-only', async () => {
    const first = await call('GET', '/auth/keys?limit=2');
    const names = (answer: Answer) => answer.json.data?.map(({ name }) => name) ?? [];
    expect(names(first).slice(0, 2)).toEqual(['test', 'admin']);
    expect([first.json.data?.length, first.json.has_more]).toEqual([4, true]);
    const second = await call('GET', `/auth/keys?limit=2&after=${first.json.next_after}`);
    expect(names(second)).toHaveLength(2);
    expect(names(first).slice(2)).not.toEqual(names(second));
    const id = first.json.data?.[0]?.id;
    const refused = await call('PATCH', `/auth/keys/${id}`, { body: { name: 'x' } });
    expect([refused.status, refused.json.error?.code]).toEqual([409, 'key_read_only']);
    expect((await call('DELETE', '/auth/teams/gray')).json.error?.code).toBe('key_read_only');
  });

  it.each<[string, string, object | undefined, string]>([
    ['POST', '/auth/keys', {}, '400 invalid_value name'],
    ['POST', '/auth/keys', { name: 'a', limits: { rpm: 0 } }, '400 invalid_value limits.rpm'],
    ['POST', '/auth/keys', { name: 'a', allowed_addresses: ['x'] }, '400 invalid_value allowed_addresses[0]'],
    ['POST', '/auth/keys', { name: 'a', team: 'nowhere' }, '400 invalid_value team'],
    ['POST', '/auth/keys', { name: 'a', rpm: 5 }, '400 invalid_value rpm'],
    ['POST', '/auth/keys', { name: 'a', budgets: { day_usd: 0.0000001 } }, '400 invalid_value budgets.day_usd'],
    ['GET', '/auth/keys?limit=0', undefined, '400 invalid_value limit'],
    ['GET', '/auth/keys?after=nothing', undefined, '400 invalid_value after'],
    ['GET', '/auth/keys/key_unknown', undefined, '404 key_not_found null'],
    ['GET', '/auth/keys/key%00', undefined, '400 invalid_value null'],
    ['POST', '/auth/keys', { name: 'a\0' }, '400 invalid_value null'],
    ['GET', '/v1/conversations/user/a%00', undefined, '400 invalid_value null'],
    ['GET', '/admin/requests?model=a%00', undefined, '400 invalid_value null'],
    ['GET', '/admin/requests/a%00', undefined, '400 invalid_value null'],
    ['GET', '/admin/requests?from=-271821-04-20T00:00:00Z', undefined, '400 invalid_value from'],
    ['GET', '/admin/usage?to=%2B275760-09-13T00:00:00Z', undefined, '400 invalid_value to'],
    [
      'GET',
      `/admin/requests?after=${Buffer.from('[1e15,""]').toString('base64url')}`,
      undefined,
      '400 invalid_value after',
    ],
    ['DELETE', '/auth/keys/key_unknown', undefined, '404 key_not_found null'],
    ['PUT', '/auth/keys', {}, '405 method_not_allowed null'],
  ])('refuses %s %s %j', async (method, path, body, expected) => {
    const refused = await call(method, path, body === undefined ? {} : { body });
    expect(`${refused.status} ${refused.json.error?.code} ${refused.json.error?.param}`).toBe(expected);
  });

  it('manages keys only if it is an admin key', async () => {
    const { key } = await make({ name: 'client' });
    await soon(key, '200');
    for (const path of ['/auth/keys', '/auth/teams', '/v1/auth/keys']) {
      expect((await call('GET', path, { key, at: 1 })).status).toBe(403);
      expect((await call('GET', path, { key: 'sk-unknown-0001' })).status).toBe(403);
    }
  });
});

describe('the secret of a key', () => {
  it('is neither in Redis nor in a log', async () => {
    const { id, key } = await make({ name: 'canary' });
    await soon(key, '200');
    const rotated = await call('POST', `/auth/keys/${id}/rotate`, { body: { overlap_seconds: 5 } });
    const settings = { kind: 'single', url: inject('redisUrl'), username: undefined, password: undefined } as const;
    const redis = connect({ settings: { ...settings, tls: undefined }, role: 'command', name: 'test', onError: fail });
    const names = await redis.keys('*{keys}:records');
    const values = await Promise.all(names.map(async (name) => JSON.stringify(await redis.hgetall(name))));
    await redis.quit();
    expect(values.join('')).toContain(id);
    for (const secret of [key, rotated.json.key ?? '']) {
      expect(values.join('')).not.toContain(secret);
      for (const { output } of sluice.fleet.ingresses) expect(output()).not.toContain(secret);
    }
  });
});
