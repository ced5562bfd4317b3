import { createHmac } from 'node:crypto';
import { type CallPlan, fitRequest, providers } from '@sluice/providers';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';
import { untyped } from '../body.ts';

const adapter = providers.zai.create({});
const messages = [{ role: 'user', content: 'hi' }];

/** Returns the request that the API receives. */
function sent(body: object, over: Partial<CallPlan> = {}, options: object = {}): Record<string, unknown> {
  const request = providers.zai
    .create(options)
    .toUpstream(untyped({ messages, ...body }), plan({ model: 'glm-4.5', ...over }));
  return JSON.parse(String(request.body)) as Record<string, unknown>;
}

const search = { type: 'web_search', web_search: { enable: true, search_engine: 'search-prime', search_result: true } };
const tool = { type: 'function', function: { name: 'look', parameters: {} } };

describe('the name of a model', () => {
  it.each<[string, string, object]>([
    ['glm-4.5', 'glm-4.5', { thinking: { type: 'disabled' } }],
    ['GLM-4.5-Thinking', 'glm-4.5', { thinking: { type: 'enabled' } }],
    ['glm-4.5-thinking', 'glm-4.5', { thinking: { type: 'enabled' } }],
    ['glm-4.5-search', 'glm-4.5', { thinking: { type: 'disabled' }, tools: [search] }],
    ['glm-4.7-thinking-search', 'glm-4.7', { thinking: { type: 'enabled' }, tools: [search] }],
    ['glm-4.5-air', 'glm-4.5-air', { thinking: { type: 'disabled' } }],
    ['glm-4.5v', 'glm-4.5v', { thinking: { type: 'disabled' } }],
    ['glm-5', 'glm-5', { thinking: { type: 'disabled' } }],
    ['glm-10.2-thinking', 'glm-10.2', { thinking: { type: 'enabled' } }],
    ['glm-4.1v-thinking', 'glm-4.1v-thinking', {}],
    ['glm-4-plus', 'glm-4-plus', {}],
    ['Other-search', 'Other-search', {}],
  ])(
    '%s is %s with its features',
    verifies('000-16', '000-17', '000-18', '000-19', '000-20', '001-02'),
    (name, model, switches) => {
      const { messages: _messages, ...rest } = sent({}, { model: name, stream: false });
      expect(rest).toEqual({ model, ...switches });
    },
  );
});

describe('the reasoning of the model', () => {
  it.each<[string, object, string, string | undefined, object]>([
    ['its effort', { reasoning_effort: 'high' }, 'glm-4.7', 'enabled', {}],
    ['no effort', { reasoning_effort: 'none' }, 'glm-4.7-thinking', 'disabled', {}],
    ['its own field', { thinking: { type: 'disabled' }, reasoning_effort: 'high' }, 'glm-4.7', 'disabled', {}],
    ["the operator's option", {}, 'glm-4.7', 'enabled', { glm_thinking: 'enabled' }],
    ['the API', {}, 'glm-4.7', undefined, { glm_thinking: 'provider' }],
    ['effort, even of older models', { reasoning_effort: 'low' }, 'glm-4-plus', 'enabled', {}],
  ])('is set by %s', verifies('004-19'), (_what, body, model, type, options) => {
    const { thinking } = sent(body, { model }, options);
    expect((thinking as { type?: string } | undefined)?.type).toBe(type);
  });

  it('keeps the rest of the field, and sends the effort to models that support it', () => {
    expect(sent({ thinking: { clear_thinking: false } })).toMatchObject({
      thinking: { clear_thinking: false, type: 'disabled' },
    });
    expect(sent({ reasoning_effort: 'max' }, { model: 'glm-5.2' })).toMatchObject({ reasoning_effort: 'max' });
    expect(sent({ reasoning_effort: 'max' }, { model: 'glm-5.1' })).not.toHaveProperty('reasoning_effort');
    expect(sent({ reasoning_effort: 'max' }, { model: 'glm-5v-turbo' })).not.toHaveProperty('reasoning_effort');
  });
});

describe('a request', () => {
  it.each<[string, object, object]>([
    ['max_completion_tokens', { max_completion_tokens: 5, max_tokens: 9 }, { max_tokens: 5 }],
    ['max_tokens', { max_tokens: 9, max_completion_tokens: null }, { max_tokens: 9 }],
    ['one stop word', { stop: 'x' }, { stop: ['x'] }],
    ['a list of one', { stop: ['x'] }, { stop: ['x'] }],
    ['a user', { user: 'user-0001' }, { user_id: 'user-0001' }],
    [
      'the role of a developer',
      { messages: [{ role: 'developer', content: 'a' }] },
      { messages: [{ role: 'system', content: 'a' }] },
    ],
    ['search', { web_search_options: {} }, { tools: [search] }],
    [
      'a large search beside a function',
      { web_search_options: { search_context_size: 'high' }, tools: [tool] },
      { tools: [tool, { ...search, web_search: { ...search.web_search, content_size: 'high' } }] },
    ],
    [
      "the API's own search",
      { tools: [{ type: 'web_search', web_search: {} }], web_search_options: {} },
      { tools: [{ type: 'web_search', web_search: {} }] },
    ],
    [
      'streamed tools',
      { stream: true, tools: [tool], tool_choice: 'auto', model: 'x' },
      { tools: [tool], tool_choice: 'auto' },
    ],
  ])('maps %s', (_what, body, expected) => {
    expect(sent(body)).toMatchObject(expected);
  });

  it('streams the arguments of tools from GLM-4.6 on', () => {
    const body = { stream: true, tools: [tool] };
    expect(sent(body, { model: 'glm-4.6' })).toMatchObject({ tool_stream: true });
    expect(sent({ ...body, tool_stream: false }, { model: 'glm-4.6' })).toMatchObject({ tool_stream: false });
    expect(sent(body, { model: 'glm-4.5' })).not.toHaveProperty('tool_stream');
    expect(sent({ tools: [tool] }, { model: 'glm-4.6', stream: false })).not.toHaveProperty('tool_stream');
  });

  it('omits fields without effect', () => {
    const body = {
      tools: [tool],
      tool_choice: 'none',
      parallel_tool_calls: true,
      user: 'abc',
      metadata: { a: 'b' },
      seed: null,
    };
    expect(Object.keys(sent(body, { stream: false })).sort()).toEqual(['messages', 'model', 'thinking']);
  });

  it.each<[string, object]>([
    ['stop', { stop: ['a', 'b'] }],
    ['temperature', { temperature: 1.5 }],
    ['response_format', { response_format: { type: 'json_schema', json_schema: { name: 'a' } } }],
    ['tool_choice', { tools: [tool], tool_choice: 'required' }],
    ['tool_choice', { tools: [tool], tool_choice: { type: 'function', function: { name: 'look' } } }],
    ['parallel_tool_calls', { tools: [tool], parallel_tool_calls: false }],
    ['web_search_options.user_location', { web_search_options: { user_location: { type: 'approximate' } } }],
    ['tools[1]', { tools: [tool, { type: 'custom', custom: { name: 'x' } }] }],
    ['functions', { functions: [{ name: 'look' }] }],
    ['n', { n: 2 }],
    ['seed', { seed: 1 }],
    ['logprobs', { logprobs: true }],
    ['messages[0].content[0]', { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }] }],
  ])('reports %s, which the API can not serve', (param, body) => {
    const fitted = fitRequest(untyped({ messages, ...body }), adapter, { model: 'glm', dropUnsupported: false });
    expect(fitted).toMatchObject({ kind: 'unsupported', failure: { kind: 'unsupported', param } });
  });

  it('of a common kind fits', () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } };
    const body = {
      messages: [
        { role: 'user', content: [image, { type: 'image_url', image_url: { url: 'https://a.example/b.png' } }] },
      ],
      tools: [tool],
      tool_choice: 'auto',
      response_format: { type: 'json_object' },
      temperature: 1,
      do_sample: false,
    };
    expect(fitRequest(untyped(body), adapter, { model: 'glm', dropUnsupported: false })).toMatchObject({
      kind: 'fits',
      dropped: [],
    });
  });
});

describe('a key', () => {
  const authorization = (apiKey: string, options: object): string | undefined =>
    providers.zai.create(options).toUpstream(untyped({ messages }), plan({ apiKey })).headers['authorization'];

  it('is sent unchanged', () => {
    expect(authorization('id.secret', {})).toBe('Bearer id.secret');
    expect(authorization('no-dots', { glm_key: 'signed' })).toBe('Bearer no-dots');
  });

  it('signs a token of five minutes, with milliseconds, if configured', () => {
    const token = authorization('id.secret', { glm_key: 'signed' })?.replace('Bearer ', '') ?? '';
    const [header = '', payload = '', signature] = token.split('.');
    const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(read(header)).toEqual({ alg: 'HS256', sign_type: 'SIGN' });
    expect(read(payload)).toEqual({ api_key: 'id', exp: 1_700_000_300_000, timestamp: 1_700_000_000_000 });
    expect(signature).toBe(createHmac('sha256', 'secret').update(`${header}.${payload}`).digest('base64url'));
  });

  it('goes to the URL of the API', () => {
    expect(providers.zai.defaultBaseUrl).toBe('https://api.z.ai/api/paas/v4');
    const { url } = adapter.toUpstream(untyped({ messages }), plan({ baseUrl: 'https://api.z.ai/api/paas/v4' }));
    expect(url).toBe('https://api.z.ai/api/paas/v4/chat/completions');
  });
});
