import { verifies } from '@sluice/testkit';
import { type Arbitrary, assert, asyncProperty, constantFrom, jsonValue, tuple } from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { matches } from './json-schema/matches.ts';
import { isObject, type Schema, type Schemas } from './json-schema/schema.ts';
import { valuesOf } from './json-schema/values-of.ts';
import { apiKey, ask, type Sluice, startSluice } from './sluice.ts';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components: { readonly schemas: Schemas };
}

const adminKey = 'sk-test-admin-0001';
let sluice: Sluice;
let document: Document;
let origin: string;
beforeAll(async () => {
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    config: {
      keys: [
        { name: 'test', key: apiKey },
        { name: 'admin', key: adminKey, admin: true },
      ],
    },
  });
  origin = sluice.url(0).replace(/\/v1$/, '');
  document = (await (await fetch(`${origin}/openapi.json`)).json()) as Document;
});

const named = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

describe('the document', () => {
  it('is the same under both paths, and is sent again only if it has changed', async () => {
    const first = await fetch(`${origin}/openapi.json`);
    const etag = first.headers.get('etag') ?? '';
    expect([first.status, document.openapi]).toEqual([200, '3.1.1']);
    const again = await fetch(`${origin}/v1/openapi.json`, { headers: { 'if-none-match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });
});

/** Every address in the page, as the browser resolves it. */
function addressesIn(html: string, page: string): readonly URL[] {
  return Array.from(html.matchAll(/(?:src|href|data-document)="([^"]+)"/g), ([, address = '']) => address)
    .filter((address) => !address.startsWith('data:'))
    .map((address) => new URL(address, `${origin}${page}`));
}

describe.each([
  ['/docs', '003-46', 'SwaggerUIBundle'],
  ['/redoc', '003-47', 'Redoc'],
])('the page %s', (path, row, library) => {
  it('is made of files of the gateway alone', verifies(row), async () => {
    const response = await fetch(`${origin}${path}`);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const addresses = addressesIn(await response.text(), path);
    expect(addresses.length).toBeGreaterThanOrEqual(4);
    let scripts = '';
    for (const address of addresses) {
      expect(address.origin).toBe(origin);
      const file = await fetch(address);
      const type = { js: 'text/javascript', css: 'text/css', json: 'application/json' }[
        address.pathname.split('.').at(-1) ?? ''
      ];
      expect([file.status, file.headers.get('content-type')]).toEqual([200, `${type}; charset=utf-8`]);
      expect(file.headers.get('cache-control')).toBe(
        type === 'application/json' ? 'no-cache' : 'public, max-age=31536000, immutable',
      );
      const text = await file.text();
      if (type === 'text/javascript') scripts += text;
      if (type === 'text/css') expect(text).not.toMatch(/url\(["']?(?:https?:)?\/\//);
    }
    expect(scripts).toContain(library);
    expect(scripts).not.toMatch(/fonts\.googleapis|fonts\.gstatic|cdn\.redoc|unpkg\.com|jsdelivr/);
  });

  it('allows no script and style but those of its files', async () => {
    const [one, other] = [await fetch(`${origin}${path}`), await fetch(`${origin}${path}`)];
    const policy = one.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self' 'nonce-");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(other.headers.get('content-security-policy')).not.toBe(policy);
    expect(await one.text()).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=/);
  });

  it('takes only GET', async () => {
    const response = await fetch(`${origin}${path}`, { method: 'POST' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET']);
  });
});

describe('a file of the pages', () => {
  it.each(['docs/assets/0/page.css', 'docs/assets/0/..%2ffiles.json', 'docs/assets/%2e%2e/main.js'])(
    'of another version or name does not exist: %s',
    async (path) => {
      const response = await fetch(`${origin}/${path}`);
      expect([response.status, await response.json()]).toMatchObject([404, { error: { code: 'unknown_url' } }]);
    },
  );

  it('comes compressed only to clients that take it so', async () => {
    const page = await (await fetch(`${origin}/docs`)).text();
    const [style = ''] = /docs\/assets\/\w+\/swagger-ui\.css/.exec(page) ?? [];
    const sizes = await Promise.all(
      ['gzip', 'identity'].map(async (encoding) => {
        const { headers } = await fetch(`${origin}/${style}`, { headers: { 'accept-encoding': encoding } });
        return [headers.get('content-encoding'), Number(headers.get('content-length')) > 100_000];
      }),
    );
    expect(sizes).toEqual([
      ['gzip', false],
      [null, true],
    ]);
  });
});

async function post(path: string, body: unknown): Promise<{ readonly status: number; readonly json: unknown }> {
  const response = await fetch(`${origin}/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, json: text.startsWith('data:') || text.startsWith(':') ? text : JSON.parse(text) };
}

/** Returns valid bodies with one value replaced by another one, or removed, somewhere within. */
function spoilt(valid: Arbitrary<unknown>): Arbitrary<unknown> {
  return tuple(valid, jsonValue({ maxDepth: 1 }), constantFrom(true, true, false)).chain(
    ([body, value, isReplaced]) => {
      const places = placesIn(body);
      return constantFrom(...places).map((place) => replaced(body, place, isReplaced ? value : undefined));
    },
  );
}

type Place = readonly (string | number)[];

function placesIn(value: unknown): readonly Place[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const step = Array.isArray(value) ? Number(name) : name;
    return [[step], ...placesIn(inner).map((place) => [step, ...place])];
  });
}

function replaced(value: unknown, [step, ...rest]: Place, by: unknown): unknown {
  if (step === undefined) return by;
  if (Array.isArray(value)) {
    return value.map((inner: unknown, at) => (at === step ? (replaced(inner, rest, by) ?? null) : inner));
  }
  return isObject(value) ? { ...value, [step]: replaced(value[step], rest, by) } : value;
}

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe.each([
  ['chat/completions', 'ChatRequest', { model: 'demo-t1' }],
  ['embeddings', 'EmbeddingsRequest', { model: 'embed' }],
])('the published schema of %s', (path, name, over) => {
  const bodies = (): Arbitrary<unknown> =>
    valuesOf(named(name), document.components.schemas).map((body) =>
      json({ ...(isObject(body) ? body : {}), ...over }),
    );
  const isValid = (body: unknown): boolean => matches(body, named(name), document.components.schemas);

  it('has only bodies that the gateway understands', { timeout: 120_000 }, async () => {
    await assert(
      asyncProperty(bodies(), async (body) => {
        expect(isValid(body)).toBe(true);
        const { status, json: answer } = await post(path, body);
        if (status === 200) return;
        // Rules over several fields, and what the provider refuses.
        expect([status, answer]).toMatchObject([400, { error: { type: 'invalid_request_error' } }]);
        expect(matches(answer, named('Error'), document.components.schemas)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('lacks only bodies that the gateway refuses, naming the field', { timeout: 120_000 }, async () => {
    await assert(
      asyncProperty(
        spoilt(bodies())
          .map(json)
          .filter((body) => !isValid(body)),
        async (body) => {
          const { status, json: answer } = await post(path, body);
          expect([status, answer]).toMatchObject([400, { error: { param: expect.any(String) } }]);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('the answers', () => {
  const get = async (path: string, key = adminKey): Promise<unknown> =>
    await (await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${key}` } })).json();

  it.each([
    ['ChatCompletion', () => post('chat/completions', ask('demo-t3')).then((answer) => answer.json)],
    ['EmbeddingsAnswer', () => post('embeddings', { model: 'embed', input: ['a', 'b'] }).then((answer) => answer.json)],
    ['ModelList', () => get('/v1/models')],
    ['Model', () => get('/v1/models/demo')],
    ['Error', () => get('/v1/models', 'sk-wrong')],
    ['Alive', () => get('/livez')],
    ['Readiness', () => get('/readyz')],
    ['Health', () => get('/health')],
    ['Health', () => get('/health', 'sk-wrong')],
    ['Status', () => get('/status')],
    ['Status', () => get('/status', 'sk-wrong')],
  ])('match their schema: %s', async (name, answer) => {
    const value = await answer();
    expect([matches(value, named(name), document.components.schemas), value]).toEqual([true, value]);
  });

  it('have no field beside those of their schema on the pages about the replica', async () => {
    for (const [name, path] of [
      ['Health', '/health'],
      ['Status', '/status'],
    ] as const) {
      expect(Object.keys(document.components.schemas[name]?.properties ?? {}).toSorted()).toEqual(
        expect.arrayContaining(Object.keys(Object(await get(path)))),
      );
    }
  });

  it('match their schema as events of a stream', async () => {
    const { json: text } = await post('chat/completions', { ...ask('demo-t3'), stream: true });
    const events = String(text).match(/(?<=^data: )\{.*$/gm) ?? [];
    expect(events.length).toBeGreaterThan(2);
    for (const event of events) {
      expect(matches(JSON.parse(event), named('ChatCompletionChunk'), document.components.schemas)).toBe(true);
    }
  });
});
