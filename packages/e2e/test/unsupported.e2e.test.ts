import type { OpenAI } from 'openai';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, type Sluice, startSluice } from './sluice.ts';

let sluice: Sluice;
beforeAll(async () => {
  const credentials = [{ id: 'a', api_key: 'tok-a' }];
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    config: (simulatorUrl) => ({
      upstreams: [
        { id: 'bot', type: 'coze', base_url: simulatorUrl, credentials },
        { id: 'lenient', type: 'coze', base_url: simulatorUrl, credentials, drop_unsupported: true },
        { id: 'eyes', type: 'gemini', base_url: `${simulatorUrl}/v1beta`, credentials },
        { id: 'all', type: 'openai', base_url: `${simulatorUrl}/v1`, credentials },
      ],
      models: [
        { id: 'bot', targets: [{ upstream: 'bot', model: '7300-t2' }] },
        { id: 'lenient', targets: [{ upstream: 'lenient', model: '7300-t2' }] },
        { id: 'eyes', targets: [{ upstream: 'eyes', model: 'gemini-2.0-flash-t2' }] },
        {
          id: 'either',
          targets: [
            { upstream: 'bot', model: '7300-t2', priority: 1 },
            { upstream: 'all', model: 'demo-t2', priority: 2 },
          ],
        },
      ],
    }),
  });
});
beforeEach(() => sluice.simulator.reset());

const hi = [{ role: 'user' as const, content: 'hi' }];
type Params = Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>;
const ask = (model: string, fields: Params) =>
  sluice.client().chat.completions.create({ model, messages: [{ role: 'user', content: 'hi' }], ...fields });
const tools: Params = { tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }] };
const image = (url: string): Params => ({
  messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }],
});

describe('a field that a provider does not support', () => {
  it.each([
    [tools, 'tools'],
    [{ seed: 7 }, 'seed'],
    [image('data:image/png;base64,AAAA'), 'messages[0].content[0]'],
  ])('is a 400 that names the field and the model: %j', async (fields, param) => {
    await expect(ask('bot', fields)).rejects.toMatchObject({
      status: 400,
      code: 'unsupported_parameter',
      type: 'invalid_request_error',
      param,
      message: expect.stringContaining(`The model "bot" does not support "${param}"`),
    });
    expect((await sluice.simulator.stats()).total).toBe(0);
  });

  it('is left out where the configuration says so', async () => {
    const { data, response } = await sluice
      .client()
      .chat.completions.create({ model: 'lenient', messages: hi, ...tools, seed: 7, prompt_cache_key: 'k' })
      .withResponse();
    expect(data.choices[0]?.finish_reason).toBe('stop');
    expect(response.headers.get('x-sluice-dropped')).toBe('tools, seed, prompt_cache_key');
    const [call] = await sluice.simulator.calls();
    expect(call?.body).not.toMatch(/tools|seed/);
  });

  it('has the name that it has in the API of the client', async () => {
    const answer = await fetch(`${sluice.url()}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ model: 'bot', max_tokens: 9, messages: hi, stop_sequences: ['x'] }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: { message: expect.stringContaining('does not support "max_tokens", "stop_sequences"') as unknown },
    });
  });

  it('goes to another target that supports it', async () => {
    const { response } = await sluice
      .client()
      .chat.completions.create({ model: 'either', messages: [{ role: 'user', content: 'hi' }], seed: 7 })
      .withResponse();
    expect([response.headers.get('x-sluice-upstream'), response.headers.get('x-sluice-attempts')]).toEqual([
      'all',
      '1',
    ]);
    await ask('either', {});
    expect((await sluice.simulator.calls()).map(({ path }) => path)).toEqual(['/v1/chat/completions', '/v3/chat']);
  });
});

describe('an image with a URL to fetch', () => {
  it.each([
    ['https://127.0.0.1/a.png', 'could not be fetched from a public address'],
    ['https://localhost/a.png', 'could not be fetched from a public address'],
    ['http://example.com/a.png', 'must be https'],
  ])('is not fetched from %s', async (url, reason) => {
    await expect(ask('eyes', image(url))).rejects.toMatchObject({
      status: 400,
      code: 'invalid_image_url',
      param: 'messages[0].content[0].image_url.url',
      message: expect.stringContaining(reason),
    });
    expect((await sluice.simulator.stats()).total).toBe(0);
  });
});
