import type { JsonObject, UpstreamRequest } from '@sluice/protocol';
import { type CallPlan, fitRequest, providers } from '@sluice/providers';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { sign } from '../../src/zai-web/signature.ts';
import { plan as planOf } from '../plan.ts';
import { untyped } from '../body.ts';

const token =
  'eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpZCI6InVzZXItMDAwMSIsImVtYWlsIjoiZ3Vlc3RAZXhhbXBsZS5pbnZhbGlkIn0.c2ln';
const v2 = { signing_variant: 'v2', signing_key: 'the key' };
const v1 = { signing_variant: 'v1', signing_key: 'the key', zai_web_api: 'v1' };
const messages = [{ role: 'user', content: 'hi' }];

function plan(over: Partial<CallPlan> = {}): CallPlan {
  let ids = 0;
  return planOf({ baseUrl: 'https://chat.z.ai', apiKey: token, model: 'glm-4.5', newId: () => `id-${ids++}`, ...over });
}

interface Sent {
  readonly url: URL;
  readonly headers: UpstreamRequest['headers'];
  readonly body: Readonly<Record<string, unknown>>;
}

function send(options: object, body: JsonObject = { messages }, over: Partial<CallPlan> = {}): Sent {
  const request = providers['zai-web'].create(options).toUpstream(body, plan(over));
  return {
    url: new URL(request.url),
    headers: request.headers,
    body: JSON.parse(String(request.body)) as Sent['body'],
  };
}

describe('the call', () => {
  it('of version 2 is signed and contains the user id', verifies('000-22', '000-36'), () => {
    const { url, headers } = send(v2);
    expect(url.origin + url.pathname).toBe('https://chat.z.ai/api/v2/chat/completions');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      timestamp: '1700000000000',
      requestId: 'id-0',
      user_id: 'user-0001',
      token,
      version: '0.0.1',
      platform: 'web',
      current_url: 'https://chat.z.ai/c/id-1',
      pathname: '/c/id-1',
      signature_timestamp: '1700000000000',
    });
    const signed = { requestId: 'id-0', userId: 'user-0001', timestampMs: 1_700_000_000_000, prompt: 'hi' };
    expect(headers).toMatchObject({
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'x-fe-version': 'prod-fe-1.1.88',
      'x-signature': sign({ variant: 'v2', key: 'the key' }, signed),
      origin: 'https://chat.z.ai',
      referer: 'https://chat.z.ai/c/id-1',
    });
  });

  it('of version 1 has another path and fewer members', verifies('000-22', '001-22'), () => {
    const { url, headers } = send({ ...v1, zai_web_version: 'prod-fe-1.0.95' });
    expect(url.pathname).toBe('/api/chat/completions');
    expect(url.searchParams.has('signature_timestamp')).toBe(true);
    expect(url.searchParams.has('platform')).toBe(false);
    expect(headers).toMatchObject({ 'x-fe-version': 'prod-fe-1.0.95' });
  });

  it('has no signature and no token if none are configured', () => {
    const { url, headers } = send({ signing_variant: 'none' }, { messages }, { apiKey: undefined });
    expect(headers).not.toHaveProperty('x-signature');
    expect(headers).not.toHaveProperty('authorization');
    expect(url.searchParams.get('user_id')).toBe('guest');
  });

  it.each<[string, unknown, string]>([
    [
      'the last user message',
      [
        { role: 'user', content: ' a ' },
        { role: 'assistant', content: 'b' },
      ],
      ' a ',
    ],
    [
      'the texts of its parts, joined',
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: ' a' },
            { type: 'image_url', image_url: { url: 'f' } },
            { type: 'text', text: 'b ' },
          ],
        },
      ],
      'a b',
    ],
    ['nothing', [{ role: 'system', content: 'a' }], ''],
  ])('signs and sends %s', (_what, given, prompt) => {
    const { url, headers, body } = send(v2, { messages: given });
    expect(body['signature_prompt']).toBe(prompt);
    const requestId = url.searchParams.get('requestId') ?? '';
    const signed = { requestId, userId: 'user-0001', timestampMs: 1_700_000_000_000, prompt };
    expect(headers['x-signature']).toBe(sign({ variant: 'v2', key: 'the key' }, signed));
  });
});

describe('the body', () => {
  it('of version 1', () => {
    const { body } = send(v1, { messages: [{ role: 'developer', content: 'be kind' }, ...messages] });
    expect(body).toEqual({
      stream: true,
      model: '0727-360B-API',
      messages: [{ role: 'system', content: 'be kind' }, ...messages],
      params: {},
      mcp_servers: [],
      tool_servers: [],
      features: {
        enable_thinking: false,
        web_search: false,
        auto_web_search: false,
        preview_mode: false,
        image_generation: false,
        flags: [],
      },
      variables: {
        '{{USER_NAME}}': 'User',
        '{{USER_LOCATION}}': 'Unknown',
        '{{CURRENT_DATETIME}}': '2023-11-14 22:13:20',
      },
      model_item: { id: '0727-360B-API', name: 'GLM-4.5', owned_by: 'openai' },
      background_tasks: { title_generation: false, tags_generation: false },
      chat_id: 'id-1',
      id: 'id-2',
    });
  });

  it('of version 2 has more members', () => {
    const { body } = send(v2, { messages, temperature: 0.5, top_p: 1, max_completion_tokens: 7, max_tokens: 8 });
    expect(body).toMatchObject({
      signature_prompt: 'hi',
      files: [],
      extra: {},
      session_id: 'id-3',
      current_user_message_id: 'id-4',
      current_user_message_parent_id: null,
      params: { temperature: 0.5, top_p: 1, max_tokens: 7 },
      features: { features: [] },
      variables: { '{{CURRENT_WEEKDAY}}': 'Tuesday', '{{CURRENT_TIMEZONE}}': 'UTC', '{{CURRENT_TIME}}': '22:13:20' },
    });
  });

  it.each<[string, string, object]>([
    ['glm-4.5', '0727-360B-API', { enable_thinking: false, web_search: false }],
    ['GLM-4.5-Thinking', '0727-360B-API', { enable_thinking: true, web_search: false }],
    ['glm-4.5-search', '0727-360B-API', { enable_thinking: true, web_search: true, auto_web_search: true }],
    ['glm-4.5-air', '0727-106B-API', { enable_thinking: false }],
    ['glm-4.5v', 'glm-4.5v', {}],
    ['glm-4.6', 'GLM-4-6-API-V1', {}],
    ['glm-5-turbo', 'GLM-5-Turbo', { preview_mode: true }],
    ['mine', 'backend-mine', { enable_thinking: true }],
    ['glm-5.1', 'another', {}],
    ['an-unknown-model', 'an-unknown-model', { enable_thinking: false }],
    ['Unknown-thinking', 'Unknown-thinking', { enable_thinking: false }],
  ])(
    'for %s requests %s',
    verifies('000-16', '000-17', '000-18', '000-19', '000-20', '001-02'),
    (name, model, features) => {
      const own = [
        { name: 'mine', model: 'backend-mine', thinking: true },
        { name: 'glm-5.1', model: 'another' },
      ];
      expect(send({ ...v2, zai_web_models: own }, { messages }, { model: name }).body).toMatchObject({
        model,
        features,
      });
    },
  );

  it("searches with the backend's own tool", verifies('001-05'), () => {
    expect(send(v2, { messages }, { model: 'glm-4.5-search' }).body).toMatchObject({
      mcp_servers: ['deep-web-search'],
      features: { features: [{ type: 'mcp', server: 'deep-web-search', status: 'hidden' }] },
    });
  });

  it.each([
    ['none', 'glm-4.5-thinking', false],
    ['high', 'glm-4.5', true],
  ])('sets reasoning by effort %s of %s', (effort, model, thinks) => {
    const { body } = send(v2, { messages, reasoning_effort: effort }, { model });
    expect(body['features']).toMatchObject({ enable_thinking: thinks });
  });

  it('refers to a created chat and its images', () => {
    const notes = { chatId: 'chat', messageId: 'message', files: '[{"id":"F"}]' };
    const { body, url } = send(v2, { messages }, { model: 'glm-4.7', notes });
    expect(body).toMatchObject({ chat_id: 'chat', current_user_message_id: 'message', files: [{ id: 'F' }] });
    expect(body).not.toHaveProperty('session_id');
    expect(body).not.toHaveProperty('model_item');
    expect(url.searchParams.get('pathname')).toBe('/c/chat');
  });
});

describe('a field that the backend can not serve', () => {
  const adapter = providers['zai-web'].create(v2);
  const tool = { type: 'function', function: { name: 'a' } };

  it.each<[string, object]>([
    ['tools', { tools: [tool] }],
    ['stop', { stop: 'x' }],
    ['response_format', { response_format: { type: 'json_object' } }],
    ['n', { n: 2 }],
    ['messages[0]', { messages: [{ role: 'tool', content: 'a', tool_call_id: 'c' }] }],
    ['messages[0].tool_calls', { messages: [{ role: 'assistant', tool_calls: [{ id: 'c' }] }] }],
    ['messages[0].name', { messages: [{ role: 'user', content: 'a', name: 'Ann' }] }],
    ['messages[0].function_call', { messages: [{ role: 'assistant', function_call: { name: 'a' } }] }],
  ])('is reported: %s', (param, body) => {
    const fitted = fitRequest(untyped({ messages, ...body }), adapter, { model: 'glm', dropUnsupported: false });
    expect(fitted).toMatchObject({ kind: 'unsupported', failure: { param } });
  });

  it('excludes tools that must not be called', () => {
    const body = { messages, tools: [tool], tool_choice: 'none' };
    expect(fitRequest(untyped(body), adapter, { model: 'glm', dropUnsupported: false })).toMatchObject({
      kind: 'fits',
    });
  });
});

describe('options', () => {
  it.each<[object, string]>([
    [{}, 'signing_variant'],
    [{ signing_variant: 'v2' }, 'signing_key'],
    [{ signing_variant: 'v3', signing_key: 'a' }, 'signing_variant'],
    [{ ...v2, zai_web_version: '1.0' }, 'zai_web_version'],
  ])('%j lack %s or have it wrong', (options, name) => {
    expect(() => providers['zai-web'].create(options)).toThrow(name);
  });

  it('allow guests only if configured', verifies('000-15', '001-38'), () => {
    expect(providers['zai-web'].create(v2).tokens).toBeUndefined();
    expect(providers['zai-web'].create({ ...v2, zai_web_guests: true }).tokens).toBeDefined();
  });
});
