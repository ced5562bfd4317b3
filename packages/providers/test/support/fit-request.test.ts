import { fitRequest, type ProviderAdapter, providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';

const openai = providers.openai.create({});
const adapterThat = (
  can: Partial<ProviderAdapter['capabilities']>,
  over: Partial<ProviderAdapter> = {},
): ProviderAdapter => ({
  ...openai,
  capabilities: { ...openai.capabilities, parameters: new Set(['temperature']), images: [], media: [], ...can },
  ...over,
});
const fit = (body: object, adapter: ProviderAdapter, dropUnsupported = false) =>
  fitRequest(body as Record<string, unknown>, adapter, { model: 'm', dropUnsupported });

const user = (...content: readonly object[]): object => ({ messages: [{ role: 'user', content }] });
const text = { type: 'text', text: 'hi' };
const webImage = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
const dataImage = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };

describe('a request to a provider that can do less than OpenAI', () => {
  it.each<[string, object]>([
    ['supported parameters', { temperature: 1, model: 'm', stream: true, stream_options: {} }],
    ['labels', { user: 'u', metadata: { a: 'b' }, safety_identifier: 's', prompt_cache_key: 'k' }],
    ['values without effect', { n: 1, logprobs: false, seed: null, presence_penalty: 0, tools: [], logit_bias: {} }],
    ['default values', { response_format: { type: 'text' }, modalities: ['text'], service_tier: 'auto' }],
    ['tools that must not be called', { tools: [{ type: 'function' }], tool_choice: 'none' }],
    ['texts', user(text)],
  ])('may contain %s', (_what, body) => {
    expect(fit(body, adapterThat({}))).toEqual({ kind: 'fits', body, dropped: [], unsent: [] });
  });

  it.each<[object, string]>([
    [{ temperature: 1, seed: 4 }, 'seed'],
    [{ n: 2 }, 'n'],
    [{ parallel_tool_calls: false }, 'parallel_tool_calls'],
    [{ tools: [{ type: 'function' }] }, 'tools'],
    [{ response_format: { type: 'json_object' } }, 'response_format'],
    [{ top_k: 40 }, 'top_k'],
    [{ web_search_options: {} }, 'web_search_options'],
    [{ toString: 1 }, 'toString'],
    [JSON.parse('{"__proto__":"x"}') as object, '__proto__'],
    [user(text, webImage), 'messages[0].content[1]'],
    [user({ type: 'input_audio', input_audio: {} }), 'messages[0].content[0]'],
  ])('is refused for %j, with the field %s', (body, param) => {
    expect(fit(body, adapterThat({}))).toEqual({
      kind: 'unsupported',
      failure: { kind: 'unsupported', param, message: `The model "m" does not support "${param}".` },
    });
  });

  it('is refused with the names of all unsupported fields', () => {
    expect(fit({ seed: 1, n: 3 }, adapterThat({}))).toMatchObject({
      failure: { param: 'seed', message: 'The model "m" does not support "seed", "n".' },
    });
  });

  const odd = Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`odd${at}`, at]));

  it('is refused with the first names if there are too many', () => {
    const fitted = fit(odd, adapterThat({}));
    const message = expect.stringMatching(/^.* "odd0", .*"odd19" and 99980 more\.$/);
    expect(fitted).toMatchObject({ failure: { param: 'odd0', message } });
  });

  it('is refused with the start of a name that is too long', () => {
    const param = `${'x'.repeat(100)}…`;
    expect(fit({ ['x'.repeat(5000)]: 1 }, adapterThat({}))).toMatchObject({ failure: { param } });
  });

  // A comparison of each field with each other would take minutes.
  it('drops many fields fast enough', () => {
    expect(fit({ ...odd, temperature: 1 }, adapterThat({}), true)).toMatchObject({ body: { temperature: 1 } });
  });

  it('drops unsupported fields if configured, and nothing else', () => {
    const messages = [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: [webImage, text, dataImage] },
    ];
    expect(fit({ temperature: 1, seed: 4, messages }, adapterThat({}), true)).toEqual({
      kind: 'fits',
      body: { temperature: 1, messages: [messages[0], { role: 'user', content: [text] }] },
      dropped: ['seed', 'messages[1].content[0]', 'messages[1].content[2]'],
      unsent: [],
    });
  });

  it.each<[string, object, string]>([
    ['all parts of a message', { seed: 1, ...user(webImage, dataImage) }, 'messages[0].content[0]'],
    ['all inputs to embed', { seed: 1, input: [[1, 2]] }, 'input'],
  ])('does not drop %s, even if configured', (_what, body, param) => {
    const adapter = adapterThat({}, { findUnsupported: (given) => ('input' in given ? [['input']] : []) });
    expect(fit(body, adapter, true)).toMatchObject({ kind: 'unsupported', failure: { param } });
  });

  it.each<[readonly ('https' | 'data')[], object, 'fits' | 'unsupported']>([
    [['https', 'data'], webImage, 'fits'],
    [['https', 'data'], dataImage, 'fits'],
    [['data'], webImage, 'fits'],
    [['https'], dataImage, 'unsupported'],
    [[], dataImage, 'unsupported'],
  ])('that accepts images as %j and receives %j', (images, part, kind) => {
    expect(fit(user(part), adapterThat({ images })).kind).toBe(kind);
  });

  it('is reported once, even if found twice', () => {
    const adapter = adapterThat({ parameters: new Set() }, { findUnsupported: () => [['tools'], ['seed'], ['tools']] });
    expect(fit({ tools: [{}], seed: 1 }, adapter)).toMatchObject({
      failure: { message: 'The model "m" does not support "tools", "seed".' },
    });
  });

  it('is also checked by the adapter', () => {
    const adapter = adapterThat({}, { findUnsupported: () => [['temperature']] });
    expect(fit({ temperature: 3 }, adapter)).toMatchObject({ failure: { param: 'temperature' } });
  });
});

describe('parameters that may be left out', () => {
  const adapter = providers.zai.create({});
  const body = { model: 'm', messages: [{ role: 'user' as const, content: 'x' }], verbosity: 'low', seed: 1 };

  it('are removed where the provider can not serve them, and the rest is refused as before', () => {
    const options = { model: 'm', dropUnsupported: false };
    const { verbosity: _hint, ...rest } = body;
    expect(fitRequest({ ...rest, verbosity: 'low' }, adapter, options)).toMatchObject({ kind: 'unsupported' });
    const { seed: _seed, ...plain } = body;
    const fitted = fitRequest(plain, adapter, { ...options, mayDrop: ['verbosity'] });
    expect(fitted).toMatchObject({ kind: 'fits', dropped: ['verbosity'] });
    expect(fitted.kind === 'fits' && 'verbosity' in fitted.body).toBe(false);
  });
});
