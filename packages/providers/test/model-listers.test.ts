import { type ModelLister, type ProviderType, providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';

const plan = { baseUrl: 'https://api.example/base', apiKey: 'key-1', startedAtMs: 1_700_000_000_000 };

function listerOf(type: ProviderType, options: object = {}, baseUrl?: string): ModelLister {
  const { models } = providers[type].create(options, baseUrl);
  if (models === undefined) throw new Error(`${type} does not list models`);
  return models;
}

describe("a request for a provider's models", () => {
  it.each<[string, ModelLister, string, Record<string, string>]>([
    ['openai', listerOf('openai'), '/models', { authorization: 'Bearer key-1' }],
    [
      'openai at its own URL',
      listerOf('openai', { chat_path: '/v2/chat/completions?a=b', auth_header: 'X-Key', headers: { 'X-Team': 't' } }),
      '/v2/models?a=b',
      { 'x-key': 'key-1', 'x-team': 't' },
    ],
    ['openai with its own path', listerOf('openai', { chat_path: '/ask' }), '/models', {}],
    [
      'anthropic',
      listerOf('anthropic', { beta: ['a', 'b'] }),
      '/models?limit=1000',
      { 'x-api-key': 'key-1', 'anthropic-version': '2023-06-01', 'anthropic-beta': 'a,b' },
    ],
    ['gemini', listerOf('gemini'), '/models?pageSize=1000', { 'x-goog-api-key': 'key-1' }],
    ['bailian', listerOf('bailian', { mode: 'compatible' }), '/compatible-mode/v1/models', {}],
    ['zai', listerOf('zai'), '/models', { authorization: 'Bearer key-1' }],
    ['zai-web', listerOf('zai-web', { signing_variant: 'none' }), '/api/models', { authorization: 'Bearer key-1' }],
    ['ollama', listerOf('ollama', { headers: { 'X-Team': 't' } }), '/api/tags', { 'x-team': 't' }],
    ['ollama with OpenAI’s protocol', listerOf('ollama', {}, 'http://localhost:11434/v1'), '/models', {}],
  ])('goes to the right URL with the key: %s', (_what, lister, path, headers) => {
    const request = lister.toUpstream(plan, undefined);
    expect(request).toMatchObject({ method: 'GET', url: `${plan.baseUrl}${path}`, body: undefined });
    expect(request.headers).toMatchObject({ accept: 'application/json', 'user-agent': 'sluice', ...headers });
  });

  it('signs keys if chats do', () => {
    const signed = listerOf('zai', { glm_key: 'signed' }).toUpstream({ ...plan, apiKey: 'id.secret' }, undefined);
    expect(signed.headers['authorization']).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
    expect(JSON.stringify(signed)).not.toContain('secret');
  });

  it('has no key if there is none', () => {
    for (const type of ['openai', 'anthropic', 'gemini', 'ollama'] as const) {
      const { headers } = listerOf(type).toUpstream({ ...plan, apiKey: undefined }, undefined);
      expect(JSON.stringify(headers)).not.toMatch(/key|bearer/i);
    }
  });

  it.each<[ProviderType, string]>([
    ['anthropic', '/models?limit=1000&after_id=a%2Fb'],
    ['gemini', '/models?pageSize=1000&pageToken=a%2Fb'],
  ])('requests the next page: %s', (type, path) => {
    expect(listerOf(type).toUpstream(plan, 'a/b').url).toBe(`${plan.baseUrl}${path}`);
  });

  it.each<[ProviderType, object]>([
    ['azure', {}],
    ['coze', {}],
    ['iflow', {}],
    ['bailian', {}],
  ])('is not made if the list would not contain the callable models: %s', (type, options) => {
    expect(providers[type].create(options).models).toBeUndefined();
  });
});

describe('a list of models', () => {
  it.each<[ProviderType, object, readonly string[], string | undefined]>([
    ['openai', { object: 'list', data: [{ id: 'a', created: 1 }, { id: 'b' }, { id: 5 }, {}] }, ['a', 'b'], undefined],
    ['openai', [{ id: 'a' }, { id: 'b' }], ['a', 'b'], undefined],
    ['anthropic', { data: [{ id: 'a' }, { id: 'b' }], has_more: true, last_id: 'b' }, ['a', 'b'], 'b'],
    ['anthropic', { data: [{ id: 'a' }], has_more: false, last_id: 'a' }, ['a'], undefined],
    [
      'gemini',
      {
        models: [
          { name: 'models/chat', supportedGenerationMethods: ['generateContent'] },
          { name: 'models/embed', supportedGenerationMethods: ['embedContent'] },
          { name: 'models/film', supportedGenerationMethods: ['predictLongRunning'] },
          { name: 'tunedModels/mine' },
        ],
        nextPageToken: 't',
      },
      ['chat', 'embed', 'tunedModels/mine'],
      't',
    ],
    ['gemini', {}, [], undefined],
    ['ollama', { models: [{ name: 'llama3:8b', size: 1 }] }, ['llama3:8b'], undefined],
  ])('contains the models and the next page: %s %#', (type, body, names, next) => {
    expect(listerOf(type).read(JSON.stringify(body))).toEqual({ names, ...(next === undefined ? {} : { next }) });
  });

  it('omits the models that chat.z.ai has disabled', () => {
    const lister = listerOf('zai-web', { signing_variant: 'none' });
    const data = [{ id: 'a', info: { is_active: true } }, { id: 'b', info: { is_active: false } }, { id: 'c' }];
    expect(lister.read(JSON.stringify({ data }))).toEqual({ names: ['a', 'c'] });
  });

  it.each<[ProviderType, object, (entries: readonly unknown[]) => object]>([
    ['openai', { id: 'a' }, (data) => ({ data })],
    ['openai', { id: 'a' }, (entries) => entries],
    ['anthropic', { id: 'a' }, (data) => ({ data })],
    ['gemini', { name: 'a' }, (models) => ({ models })],
    ['ollama', { name: 'a' }, (models) => ({ models })],
    ['zai-web', { id: 'a' }, (data) => ({ data })],
  ])('contains the models among invalid entries: %s %#', (type, model, write) => {
    const lister = listerOf(type, type === 'zai-web' ? { signing_variant: 'none' } : {});
    const strays = [null, 5, 'x', [], {}, { id: null, name: null }, { id: 5, name: 5 }];
    expect(lister.read(JSON.stringify(write([...strays, model, ...strays])))?.names).toEqual(['a']);
  });

  it('is read unchanged with more models than any router has', { timeout: 30_000 }, () => {
    const data = Array.from({ length: 5000 }, (_, at) => ({
      id: `m${at}`,
      object: 'model',
      created: 1,
      owned_by: 'me',
    }));
    expect(listerOf('openai').read(JSON.stringify({ object: 'list', data }))?.names).toHaveLength(5000);
  });

  // A list is parsed while other requests wait. The worst of these took seconds when each element had a separate issue.
  it.each<[string, string]>([
    ['numbers', '0,'.repeat(2_000_000)],
    ['empty lists', '[],'.repeat(1_300_000)],
    ['empty objects', '{},'.repeat(1_300_000)],
    ['the maximum number of empty objects', '{},'.repeat(29_000)],
    ['models with a bad name', '{"id":5,"name":5},'.repeat(14_000)],
    ['a model with many members', `{${Array.from({ length: 59_000 }, (_, at) => `"k${at}":0`).join(',')}},`],
  ])('does not block the process with 4 MB of invalid entries: %s', { timeout: 30_000 }, (_what, nonsense) => {
    const entries = `[${nonsense}0]`;
    for (const type of ['openai', 'anthropic', 'gemini', 'ollama', 'zai-web'] as const) {
      const lister = listerOf(type, type === 'zai-web' ? { signing_variant: 'none' } : {});
      const text = type === 'gemini' || type === 'ollama' ? `{"models":${entries}}` : `{"data":${entries}}`;
      const before = process.threadCpuUsage();
      lister.read(text);
      const { user, system } = process.threadCpuUsage(before);
      expect((user + system) / 1000).toBeLessThan(250);
    }
  });

  it('may contain any methods for a Gemini model without blocking the process', () => {
    const methods = `[${'0,'.repeat(50_000)}0]`;
    const before = process.threadCpuUsage();
    expect(listerOf('gemini').read(`{"models":[{"name":"a","supportedGenerationMethods":${methods}}]}`)).toBeDefined();
    expect(process.threadCpuUsage(before).user / 1000).toBeLessThan(250);
  });

  it.each(['', '<html>', '5', '"x"', '{"data":5}', '{"models":5}', '{"error":{"message":"no"}}'])(
    'is refused: %j',
    (text) => {
      for (const type of ['openai', 'anthropic', 'ollama', 'zai'] as const) {
        expect(listerOf(type).read(text)).toBeUndefined();
      }
    },
  );
});
