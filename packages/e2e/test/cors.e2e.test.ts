import { beforeAll, describe, expect, it } from 'vitest';
import { apiKey, ask, type Sluice, startSluice, upstream } from './sluice.ts';

const page = 'http://localhost:5173';
const publicHost = 'llm.corp.example';

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    config: (simulatorUrl) => ({
      server: { cors: { origins: [page] } },
      keys: [
        { name: 'test', key: apiKey, limits: { rpm: 100_000, tpm: 100_000_000 } },
        { name: 'guests', anonymous: 'without_key' },
      ],
      upstreams: [upstream('sim', simulatorUrl)],
    }),
  });
});

const post = (body: object, headers: Readonly<Record<string, string>> = {}, path = '/chat/completions') =>
  fetch(`${sluice.url()}${path}`, {
    method: 'POST',
    headers: { origin: page, authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

const mayBeRead = ({ headers }: Response): boolean =>
  headers.get('access-control-allow-origin') === page && headers.get('access-control-expose-headers') !== null;

/** Names of the headers that the answer allows a page to read. */
const exposedBy = ({ headers }: Response): string[] => (headers.get('access-control-expose-headers') ?? '').split(', ');

/** Names of an answer's headers that only Sluice and OpenAI have. */
const ownHeaders = ({ headers }: Response): string[] =>
  [...headers.keys()].filter((name) => /^(?:x-(?!accel-)|openai-|retry-)/.test(name));

describe('a listed page', () => {
  it.each(['/chat/completions', '/embeddings', '/models', '/models/demo'])(
    'gets permission to call %s in a preflight, without a key',
    async (path) => {
      const response = await fetch(`${sluice.url()}${path}`, {
        method: 'OPTIONS',
        headers: {
          origin: page,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
        },
      });
      expect(response.status).toBe(204);
      expect(response.headers.get('access-control-allow-headers')).toBe('authorization,content-type');
    },
  );

  it.each<[string, object]>([
    ['a whole answer', ask('demo-t2')],
    ['a stream', { ...ask('demo-t2'), stream: true }],
    ["an upstream's error", ask('demo-e404')],
    ['a refusal', { model: 'demo' }],
  ])('may read %s with all its headers', async (_, body) => {
    const response = await post(body);
    await response.text();
    expect(mayBeRead(response)).toBe(true);
    expect(exposedBy(response)).toEqual(expect.arrayContaining(ownHeaders(response)));
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['a wrong key', { authorization: 'Bearer sk-wrong-0001' }, '/chat/completions'],
    ['a URL that does not exist', {}, '/nothing'],
    ['a body that is not JSON', { 'content-type': 'text/plain' }, '/chat/completions'],
  ])('may read the error about %s', async (_, headers, path) => {
    const response = await post(ask('demo-t2'), headers, path);
    expect(response.status).toBeGreaterThan(399);
    expect(mayBeRead(response)).toBe(true);
  });

  it('may call without a key where anonymous clients may', async () => {
    const cross = { authorization: '', 'sec-fetch-site': 'cross-site' };
    expect((await post(ask('demo-t2'), cross)).status).toBe(200);
    expect((await post(ask('demo-t2'), { ...cross, host: publicHost })).status).toBe(200);
    const foreign = await post(ask('demo-t2'), { ...cross, origin: 'https://evil.example' });
    expect([foreign.status, mayBeRead(foreign)]).toEqual([403, false]);
  });
});

describe('a path with several slashes', () => {
  it.each(['//v1/chat/completions', '/v1//chat/completions', '//chat//completions/', '/v1/chat/completions?a=//b'])(
    'reaches the same route as one with single slashes: %s',
    async (path) => {
      const response = await fetch(`${sluice.fleet.urls[0]}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(ask('demo-t2')),
      });
      expect(response.status).toBe(200);
    },
  );

  it.each(['//readyz', '//v1//models', '/v1/models//demo'])(
    'reaches the same route as one with single slashes: %s',
    async (path) => {
      const response = await fetch(`${sluice.fleet.urls[0]}${path}`, {
        headers: { authorization: `Bearer ${apiKey}` },
      });
      expect(response.status).toBe(200);
    },
  );
});

describe('the wrong method', () => {
  it('is reported with the whole path', async () => {
    const response = await fetch(`${sluice.url()}/embeddings`, { headers: { authorization: `Bearer ${apiKey}` } });
    expect(await response.json()).toMatchObject({
      error: { message: '/v1/embeddings does not answer to GET, only to POST.' },
    });
  });
});
