import { asEmbeddings, providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const sent = (options: object, body: object = {}) => {
  const request = providers.openai.create(options).toUpstream(body as Record<string, unknown>, plan({ stream: false }));
  return { ...request, json: JSON.parse(String(request.body)) as Record<string, unknown> };
};

describe('a dialect of the OpenAI protocol', () => {
  it("has configured headers, which never replace the gateway's", () => {
    const { headers } = sent({ headers: { 'X-Title': 'Sluice', 'User-Agent': 'me' } });
    expect(headers).toMatchObject({ 'x-title': 'Sluice', 'user-agent': 'me', authorization: 'Bearer key' });
  });

  it.each(['Authorization', 'host', 'Connection', 'content-length', 'Accept-Encoding', 'cookie', 'bad name'])(
    'can not have the header %s',
    (name) =>
      expect(() => providers.openai.create({ headers: { [name]: 'x' } })).toThrow(/must be the name of a header/),
  );

  it.each([
    ['openai', undefined],
    ['azure', undefined],
    ['ollama', undefined],
    ['ollama', 'http://ollama.example/v1'],
  ] as const)('reports possible secrets among the headers of %s (%s), also for embeddings', (type, baseUrl) => {
    const headers = { 'X-Team': 'Token abcdefgh-0001', 'X-Version': '2' };
    const adapter = providers[type].create({ headers }, baseUrl);
    for (const each of [adapter, asEmbeddings(adapter)]) {
      expect(each?.secrets).toEqual(['Token abcdefgh-0001', 'abcdefgh-0001']);
    }
  });

  it('may have the key in another header', () => {
    const { headers } = sent({ auth_header: 'X-Api-Key' });
    expect(headers).toMatchObject({ 'x-api-key': 'key' });
    expect(headers).not.toHaveProperty('authorization');
  });

  it('may have another path', () => {
    expect(sent({ chat_path: '/text/chatcompletion_v2?group=1' }).url).toBe(
      'http://upstream.example/v1/text/chatcompletion_v2?group=1',
    );
  });

  it.each<[string, object, object]>([
    ['known', { max_completion_tokens: 5 }, { max_tokens: 5 }],
    ['given under both', { max_completion_tokens: 5, max_tokens: 4 }, { max_tokens: 4 }],
    ['given as null', { max_completion_tokens: 5, max_tokens: null }, { max_tokens: 5 }],
  ])('renames parameters: %s', (_what, body, wanted) => {
    expect(sent({ rename: { max_completion_tokens: 'max_tokens' } }, body).json).toEqual({
      ...wanted,
      model: 'upstream-model',
    });
  });

  it('sets parameters, whatever the client sends', () => {
    const set = { enable_thinking: false, provider: { order: ['a'] } };
    expect(sent({ set }, { enable_thinking: true }).json).toEqual({ ...set, model: 'upstream-model' });
  });

  it('refuses parameters that the server refuses, and omits those without effect', () => {
    const options = { unsupported: ['logprobs', 'frequency_penalty', 'seed'] };
    const adapter = providers.openai.create(options);
    const body = { logprobs: true, frequency_penalty: 0, seed: null, temperature: 1 };
    expect(adapter.findUnsupported?.(body)).toEqual([['logprobs']]);
    expect(sent(options, { ...body, logprobs: false }).json).toEqual({ temperature: 1, model: 'upstream-model' });
  });

  it('may support one role for instructions and no lists of texts', () => {
    const image = { type: 'image_url', image_url: { url: 'data:,' } };
    const messages = [
      {
        role: 'developer',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      { role: 'user', content: [{ type: 'text', text: 'c' }, image] },
      { role: 'assistant', content: null },
    ];
    expect(sent({ system_role: 'system', text_content: true }, { messages }).json['messages']).toEqual([
      { role: 'system', content: 'a\nb' },
      { role: 'user', content: [{ type: 'text', text: 'c' }, image] },
      { role: 'assistant', content: '' },
    ]);
  });

  it.each(['rename', 'set'])('can not change parameters that the gateway sets: %s', (option) => {
    for (const name of ['model', 'messages', 'stream', 'stream_options']) {
      expect(() => providers.openai.create({ [option]: { [name]: 'x' } })).toThrow(/must be a parameter other than/);
    }
  });

  it('is also supported at Azure', () => {
    const adapter = providers.azure.create({ set: { user: 'u' }, rename: { max_tokens: 'max_completion_tokens' } });
    const { body, headers } = adapter.toUpstream({ max_tokens: 3 }, plan({ stream: false }));
    expect(JSON.parse(String(body))).toEqual({ model: 'upstream-model', user: 'u', max_completion_tokens: 3 });
    expect(headers).toMatchObject({ 'api-key': 'key' });
  });
});
