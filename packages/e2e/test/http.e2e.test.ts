import { verifies } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiKey, ask, type Sluice, startSluice, upstream } from './sluice.ts';
import { openStream, post, refusalOf } from './traffic.ts';

const narrowKey = 'sk-test-narrow-0001';
const adminKey = 'sk-test-admin-0001';

let sluice: Sluice;
let origin: string;
beforeAll(async () => {
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    config: (simulatorUrl) => ({
      keys: [
        { name: 'test', key: apiKey, models: ['*'], limits: { rpm: 100_000, tpm: 100_000_000 } },
        { name: 'admin', key: adminKey, admin: true },
        { name: 'narrow', key: narrowKey, models: ['small', 'team/*'] },
      ],
      upstreams: [upstream('sim', simulatorUrl)],
      models: ['small', 'large', 'team/model', 'demo*'].map((id) => ({ id, targets: [{ upstream: 'sim' }] })),
    }),
  });
  origin = sluice.fleet.urls[0] ?? '';
});

interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const bearer = (key = apiKey): Record<string, string> => ({ authorization: `Bearer ${key}` });

async function call(path: string, options: CallOptions = {}): Promise<{ response: Response; body: Answer }> {
  const { method = 'GET', headers = bearer(), body } = options;
  const response = await fetch(origin + path, { method, headers, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  return { response, body: (text.startsWith('{') ? JSON.parse(text) : {}) as Answer };
}

interface Answer {
  readonly error?: Readonly<Record<string, unknown>>;
  readonly data?: readonly { readonly id: string; readonly object: string }[];
  readonly [field: string]: unknown;
}

const chat = { headers: { ...bearer(), 'content-type': 'application/json' }, method: 'POST' };
const question = JSON.stringify(ask('demo-t2'));

describe('the paths', () => {
  it.each(['/v1/chat/completions', '/chat/completions'])('POST %s answers', async (path) => {
    const { response, body } = await call(path, { ...chat, body: question });
    expect(response.status).toBe(200);
    expect(body).toMatchObject({ object: 'chat.completion', model: 'demo-t2', choices: [{ finish_reason: 'stop' }] });
  });

  it.each(['/v1/models', '/models'])('GET %s lists the models by their names', async (path) => {
    const { body } = await call(path);
    expect(body['object']).toBe('list');
    expect(body.data?.map(({ id }) => id)).toEqual(['small', 'large', 'team/model', 'demo']);
    expect(body.data?.[0]).toMatchObject({
      id: 'small',
      object: 'model',
      created: expect.any(Number),
      owned_by: 'sim',
    });
  });

  it.each(['/v1/chat/completions/', '/V1/Chat/Completions', '//v1/chat/completions'])(
    'POST %s answers too, in the form of some clients',
    async (path) => {
      expect((await call(path, { ...chat, body: question })).response.status).toBe(200);
    },
  );

  it('of the pages for operators have one form, so that a proxy in front can block them', async () => {
    for (const page of ['livez', 'readyz', 'health', 'status', 'metrics']) {
      expect((await call(`/${page}`, { headers: bearer(adminKey) })).response.status).toBe(200);
      for (const other of [page.toUpperCase(), `${page}/`, `%${page.charCodeAt(0).toString(16)}${page.slice(1)}`]) {
        expect((await call(`/${other}`, { headers: bearer(adminKey) })).response.status).toBe(404);
      }
    }
  });

  it('list only the models that the key may use', async () => {
    const { body } = await call('/v1/models', { headers: bearer(narrowKey) });
    expect(body.data?.map(({ id }) => id)).toEqual(['small', 'team/model']);
  });

  it.each([
    ['small', apiKey, 200],
    ['team/model', apiKey, 200],
    ['team%2Fmodel', apiKey, 200],
    ['demo-anything', apiKey, 200],
    ['unknown', apiKey, 404],
    ['large', narrowKey, 404],
  ])('GET /v1/models/%s with %s gives %i', async (id, key, status) => {
    const { response, body } = await call(`/v1/models/${id}`, { headers: bearer(key) });
    expect(response.status).toBe(status);
    if (status === 200) expect(body).toMatchObject({ id: decodeURIComponent(id), object: 'model' });
    else expect(body.error).toMatchObject({ type: 'invalid_request_error', code: 'model_not_found', param: 'model' });
  });

  it('are told from a body that is unreadable', async () => {
    const { response, body } = await call('/v1/models/%ff');
    expect(response.status).toBe(400);
    expect(body.error).toMatchObject({ code: 'invalid_request', message: expect.stringContaining('URL') });
  });

  it.each(['/livez', '/readyz', '/health', '/status'])('GET %s needs no key', async (path) => {
    const { response } = await call(path, { headers: {} });
    expect(response.status).toBe(200);
  });

  it('tell anonymous clients and common keys no more than a probe needs', async () => {
    for (const headers of [{}, bearer(apiKey), bearer('sk-unknown-0001')]) {
      expect((await call('/health', { headers })).body).toEqual({
        status: 'ok',
        redis: 'ok',
        draining: false,
        timestamp: expect.any(String),
      });
      expect((await call('/status', { headers })).body).toEqual({ status: 'ok', redis: 'ok', draining: false });
    }
    expect((await call('/readyz')).body).toEqual({ status: 'ready', redis: 'ok', draining: false });
  });

  it('tell administrators health and numbers', verifies('001-11', '002-07'), async () => {
    const headers = bearer(adminKey);
    expect((await call('/health', { headers })).body).toMatchObject({
      status: 'ok',
      version: expect.any(String),
      build_date: expect.stringMatching(/^20\d\d-\d\d-\d\d$/),
      description: expect.any(String),
      performance_mode: 'default',
      config: { max_retries: 4, random_delay: '0-0ms', max_concurrent_connections: 1000 },
      stats: { total_requests: expect.any(Number), error_rate: expect.any(Number) },
      improvements: expect.arrayContaining([expect.any(String)]),
    });
    expect((await call('/status', { headers })).body).toMatchObject({
      max_connections: 1000,
      memory_usage_mb: expect.any(Number),
      memory_limit_mb: null,
      uptime_seconds: expect.any(Number),
    });
  });

  it('show metrics to administrators alone', async () => {
    expect((await call('/metrics', { headers: {} })).body.error).toMatchObject({ code: 'invalid_api_key' });
    const refused = await call('/metrics', { headers: bearer(apiKey) });
    expect(refused.response.status).toBe(403);
    expect(refused.body.error).toMatchObject({ type: 'permission_error', code: 'admin_key_required' });
    const page = await fetch(`${sluice.fleet.urls[0]}/metrics`, { headers: bearer(adminKey) });
    expect(page.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await page.text()).toContain('sluice_redis_up 1');
  });

  it.each(['/livez', '/readyz', '/health', '/status', '/metrics'])(
    'answer %s in full on the management port, without a key',
    async (path) => {
      const response = await fetch(`${sluice.fleet.ingresses[0]?.managementUrl}${path}`);
      expect(response.status).toBe(200);
      expect(await response.text()).toContain({ '/status': 'uptime_seconds', '/health': 'version' }[path] ?? '');
    },
  );

  it.each([
    ['POST', '/metrics', 405],
    ['GET', '/v1/models', 404],
  ])('refuse %s %s on the management port with %i', async (method, path, status) => {
    expect((await fetch(`${sluice.fleet.ingresses[0]?.managementUrl}${path}`, { method })).status).toBe(status);
  });

  it.each([
    ['GET', '/v1/chat/completions', 405, 'method_not_allowed', 'POST'],
    ['DELETE', '/v1/models', 405, 'method_not_allowed', 'GET'],
    ['GET', '/v1/nothing', 404, 'unknown_url', null],
    ['POST', '/', 404, 'unknown_url', null],
  ])('refuse %s %s with %i', async (method, path, status, code, allow) => {
    const { response, body } = await call(path, { method });
    expect([response.status, body.error?.['code'], response.headers.get('allow')]).toEqual([status, code, allow]);
    expect(body.error?.['type']).toBe('invalid_request_error');
  });
});

describe('a client', () => {
  it.each<[string, Record<string, string>]>([
    ['a bearer token', bearer()],
    ['a bearer token in small letters', { authorization: `bearer ${apiKey}` }],
    ['x-api-key', { 'x-api-key': apiKey }],
  ])('may identify itself by %s', async (_, headers) => {
    expect((await call('/v1/models', { headers })).response.status).toBe(200);
  });

  it.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['an unknown key', bearer('sk-unknown-0001')],
    ['an empty bearer token', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: `Basic ${btoa(`x:${apiKey}`)}` }],
    ['part of a key', bearer(apiKey.slice(0, -1))],
    ['a key and more', bearer(`${apiKey}x`)],
  ])('is refused with %s', async (_, headers) => {
    const { response, body } = await call('/v1/chat/completions', { ...chat, headers, body: question });
    expect(response.status).toBe(401);
    expect(body.error).toMatchObject({ type: 'authentication_error', param: null, code: 'invalid_api_key' });
    expect(Object.keys(body.error ?? {}).toSorted()).toEqual(['code', 'message', 'param', 'type']);
    expect(response.headers.get('x-should-retry')).toBe('false');
  });

  it('gets an error for a model that its key may not use', async () => {
    const refused = await refusalOf(await post(sluice, { model: 'large', key: narrowKey }));
    expect(refused).toMatchObject({ status: 403, type: 'permission_error', code: 'model_not_allowed' });
    expect((await post(sluice, { model: 'small', key: narrowKey })).status).toBe(200);
  });

  it('gets an error for a model that does not exist', async () => {
    const { response, body } = await call('/v1/chat/completions', { ...chat, body: JSON.stringify(ask('nope')) });
    expect(response.status).toBe(404);
    expect(body.error).toMatchObject({ code: 'model_not_found', param: 'model' });
  });
});

describe('the headers of an answer', () => {
  it('echo the id that the client sent, if it is valid', async () => {
    const ids = ['my-id.1', 'a'.repeat(128), 'a'.repeat(129), 'no blanks', ''];
    const answered = await Promise.all(
      ids.map(async (id) => (await call('/v1/models', { headers: { ...bearer(), 'x-request-id': id } })).response),
    );
    const echoed = answered.map(({ headers }, at) => headers.get('x-request-id') === ids[at]);
    expect(echoed).toEqual([true, true, false, false, false]);
    expect(answered.map(({ headers }) => (headers.get('x-request-id') ?? '').length > 5)).not.toContain(false);
  });

  it.each([false, true])('state limits, upstream and time (stream: %s)', async (stream) => {
    const { headers } = await post(sluice, { model: 'demo-t2', fields: { stream } });
    expect(headers.get('x-ratelimit-limit-requests')).toBe('100000');
    expect(headers.get('x-ratelimit-limit-tokens')).toBe('100000000');
    for (const name of ['remaining-requests', 'remaining-tokens']) {
      expect(Number(headers.get(`x-ratelimit-${name}`))).toBeGreaterThan(0);
    }
    for (const name of ['reset-requests', 'reset-tokens']) {
      expect(headers.get(`x-ratelimit-${name}`)).toMatch(/^(?:\d+m)?(?:\d+(?:\.\d+)?s|\d+ms)$/);
    }
    expect(headers.get('x-sluice-upstream')).toBe('sim');
    expect(headers.get('x-sluice-attempts')).toBe('1');
    expect(Number(headers.get('openai-processing-ms'))).toBeGreaterThanOrEqual(0);
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('state the attempts in an error that the upstream caused', async () => {
    const response = await post(sluice, { model: 'demo-e404', content: 'missing' });
    expect(response.status).toBe(404);
    expect(response.headers.get('x-sluice-attempts')).toBe('1');
  });

  it('wait for the first event, so that a late failure is still a status', async () => {
    const answer = await openStream(sluice, { model: 'demo-f400-e400', content: 'late' });
    await answer.finish();
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'upstream_rejected' } });
  });
});

describe('the contents of an answer', () => {
  it('are those that the provider sent', async () => {
    const direct = await fetch(`${sluice.simulatorProcess.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { ...bearer('tok-direct'), 'content-type': 'application/json' },
      body: question,
    });
    const through = await call('/v1/chat/completions', { ...chat, body: question });
    expect(through.body).toEqual(await direct.json());
  });

  it('reach the client while the provider is still sending', verifies('000-09'), async () => {
    const answer = await openStream(sluice, { model: 'demo-t200-i10-each', content: 'rid=now' });
    let sentAtFirst: number | undefined;
    for await (const piece of answer.pieces()) {
      if (!piece.includes('now.0')) continue;
      sentAtFirst ??= (await sluice.simulator.calls()).at(-1)?.tokensSent;
    }
    expect(sentAtFirst).toBeLessThan(200);
  });

  it('reach the client in one piece and with its type', async () => {
    const { response } = await call('/v1/chat/completions', { ...chat, body: question });
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });
});
