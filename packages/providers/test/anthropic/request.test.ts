import { type CallPlan, providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';
import { untyped } from '../body.ts';

type Body = Readonly<Record<string, unknown>>;

const user = { role: 'user', content: 'hi' };
const hi = { role: 'user', content: [{ type: 'text', text: 'hi' }] };

/** Returns the request that Anthropic receives. */
function send(body: Body, { options = {}, over = {} }: { options?: object; over?: Partial<CallPlan> } = {}) {
  const adapter = providers.anthropic.create(options);
  const request = adapter.toUpstream(untyped({ model: 'alias', messages: [user], ...body }), plan(over));
  return { ...request, json: JSON.parse(String(request.body)) as Record<string, unknown> };
}
const messagesFor = (...messages: readonly object[]): unknown => send({ messages }).json['messages'];

const weather = { type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } };
const time = { type: 'function', function: { name: 'get_time', description: 'Now.', strict: true } };
const call = (id: string, args: string): object => ({
  id,
  type: 'function',
  function: { name: 'get_weather', arguments: args },
});
const image = (url: string): object => ({ type: 'image_url', image_url: { url } });

describe('a request to Anthropic', () => {
  it("goes to Anthropic's URL with its headers", () => {
    const { url, headers } = send({}, { over: { baseUrl: 'https://api.anthropic.com/v1' } });
    expect(url).toBe('https://api.anthropic.com/v1/messages');
    expect(headers).toMatchObject({ 'x-api-key': 'key', 'anthropic-version': '2023-06-01' });
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).not.toHaveProperty('anthropic-beta');
    expect(send({}, { over: { apiKey: undefined } }).headers).not.toHaveProperty('x-api-key');
  });

  it('has the version and the betas that are configured', () => {
    const { headers } = send({}, { options: { version: '2030-01-01', beta: ['one-2025', 'two-2026'] } });
    expect(headers).toMatchObject({ 'anthropic-version': '2030-01-01', 'anthropic-beta': 'one-2025,two-2026' });
  });

  it("contains the required members and none of OpenAI's", () => {
    expect(send({ n: 1, metadata: { a: 'b' }, stream_options: { include_usage: true } }).json).toEqual({
      model: 'upstream-model',
      max_tokens: 4096,
      messages: [hi],
      stream: true,
    });
  });

  it.each<[Body, object]>([
    [{ max_tokens: 5 }, { max_tokens: 5 }],
    [{ max_completion_tokens: 7, max_tokens: 5 }, { max_tokens: 7 }],
    [
      { temperature: 0.5, top_p: 0.9, top_k: 3 },
      { temperature: 0.5, top_p: 0.9, top_k: 3 },
    ],
    [{ stop: 'END' }, { stop_sequences: ['END'] }],
    [{ stop: ['a', 'b'] }, { stop_sequences: ['a', 'b'] }],
    [{ user: 'u1' }, { metadata: { user_id: 'u1' } }],
    [{ user: 'u1', safety_identifier: 's1' }, { metadata: { user_id: 's1' } }],
    [{ service_tier: 'auto' }, { service_tier: 'auto' }],
    [{ service_tier: 'default' }, { service_tier: 'standard_only' }],
    [{ cache_control: { type: 'ephemeral' } }, { cache_control: { type: 'ephemeral' } }],
    [
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'x', description: 'An x.', schema: { type: 'object' } },
        },
      },
      { output_config: { format: { type: 'json_schema', schema: { type: 'object', description: 'An x.' } } } },
    ],
    [{ reasoning_effort: 'none' }, { thinking: { type: 'disabled' }, max_tokens: 4096 }],
    [
      { reasoning_effort: 'xhigh', max_tokens: 900 },
      { thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'xhigh' }, max_tokens: 900 },
    ],
    [
      { reasoning_effort: 'low', thinking: { type: 'enabled', budget_tokens: 2000 } },
      { thinking: { type: 'enabled', budget_tokens: 2000 }, max_tokens: 4096 },
    ],
  ])('maps %j', (body, expected) => {
    expect(send(body).json).toMatchObject(expected);
  });

  it("omits null values and the models' defaults", () => {
    expect(send({ temperature: 1, top_p: 1 }).json).toEqual(send({}).json);
    const nothing = { stop: null, temperature: null, max_tokens: null, reasoning_effort: null, thinking: null };
    const { json } = send(nothing);
    expect(Object.keys(json).sort()).toEqual(['max_tokens', 'messages', 'model', 'stream']);
  });

  it('has the configured limit for the answer', () => {
    expect(send({}, { options: { max_tokens: 99 } }).json).toMatchObject({ max_tokens: 99 });
  });
});

describe('reasoning, for models with a budget', () => {
  it.each<[string, Body, object]>([
    ['claude-3-7-sonnet-20250219', { reasoning_effort: 'minimal' }, { budget: 1024, max: 5120 }],
    ['claude-sonnet-4-20250514', { reasoning_effort: 'low' }, { budget: 2048, max: 6144 }],
    ['claude-opus-4-1', { reasoning_effort: 'medium' }, { budget: 8192, max: 12_288 }],
    ['claude-sonnet-4-5-20250929', { reasoning_effort: 'high' }, { budget: 16_384, max: 20_480 }],
    ['claude-haiku-4-5', { reasoning_effort: 'high', max_tokens: 10_000 }, { budget: 8000, max: 10_000 }],
    ['claude-haiku-4-5', { reasoning_effort: 'low', max_tokens: 3000 }, { budget: 1024, max: 3000 }],
  ])('%s with %j', (model, body, expected) => {
    const { thinking, max_tokens: max } = send(body, { over: { model } }).json;
    expect(thinking).toMatchObject({ type: 'enabled' });
    expect({ budget: (thinking as { budget_tokens: number }).budget_tokens, max }).toEqual(expected);
  });

  it("is omitted if the answer's limit leaves no room for it", () => {
    const { json } = send({ reasoning_effort: 'low', max_tokens: 1024 }, { over: { model: 'claude-haiku-4-5' } });
    expect(json).toMatchObject({ max_tokens: 1024 });
    expect(json).not.toHaveProperty('thinking');
  });

  it.each(['claude-opus-4-6', 'claude-sonnet-4-6', 'claude-opus-4-7', 'claude-opus-5', 'claude-fable-5-1', 'any'])(
    'is not sent to %s',
    (model) => {
      const { json } = send({ reasoning_effort: 'high' }, { over: { model } });
      expect(json).toMatchObject({ thinking: { type: 'adaptive' }, output_config: { effort: 'high' } });
    },
  );

  it("is sent as configured, whatever the model's name", () => {
    const over = { model: 'claude-3-7-sonnet' };
    expect(send({ reasoning_effort: 'low' }, { options: { thinking_style: 'budget' } }).json).toMatchObject({
      thinking: { type: 'enabled', budget_tokens: 2048 },
    });
    expect(send({ reasoning_effort: 'low' }, { options: { thinking_style: 'effort' }, over }).json).toMatchObject({
      thinking: { type: 'adaptive' },
    });
    expect(send({ reasoning_effort: 'none' }, { over }).json).not.toHaveProperty('thinking');
  });
});

describe('tools', () => {
  it.each<[Body, object]>([
    [
      { tools: [weather, time] },
      {
        tools: [
          { name: 'get_weather', input_schema: { type: 'object' } },
          { name: 'get_time', description: 'Now.', input_schema: { type: 'object', properties: {} }, strict: true },
        ],
      },
    ],
    [{ tools: [weather], tool_choice: 'none' }, { tool_choice: { type: 'none' } }],
    [{ tools: [weather], tool_choice: 'required' }, { tool_choice: { type: 'any' } }],
    [
      { tools: [weather], tool_choice: { type: 'function', function: { name: 'get_weather' } } },
      { tool_choice: { type: 'tool', name: 'get_weather' } },
    ],
    [
      { tools: [weather], parallel_tool_calls: false },
      { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    ],
    [
      { tools: [weather], parallel_tool_calls: false, tool_choice: 'required' },
      { tool_choice: { type: 'any', disable_parallel_tool_use: true } },
    ],
    [
      {
        tools: [weather, time],
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'get_time' } }] },
        },
      },
      { tools: [{ name: 'get_time' }], tool_choice: { type: 'any' } },
    ],
  ])('of %j', (body, expected) => {
    expect(send(body).json).toMatchObject(expected);
  });

  it("need no choice that equals the model's default", () => {
    expect(send({ tools: [weather], tool_choice: 'auto' }).json).not.toHaveProperty('tool_choice');
    expect(send({ tools: [], tool_choice: 'auto', parallel_tool_calls: false }).json).not.toHaveProperty('tool_choice');
  });
});

describe('a conversation', () => {
  it('has its instructions separate, wherever they stood', () => {
    const { json } = send({
      messages: [
        { role: 'system', content: 'one' },
        user,
        { role: 'developer', content: [{ type: 'text', text: 'two', cache_control: { type: 'ephemeral' } }] },
        { role: 'system', content: ' ' },
      ],
    });
    expect(json).toMatchObject({
      system: [
        { type: 'text', text: 'one' },
        { type: 'text', text: 'two', cache_control: { type: 'ephemeral' } },
      ],
      messages: [hi],
    });
  });

  it('merges consecutive messages of one side, and omits empty ones', () => {
    expect(
      messagesFor(
        user,
        { role: 'user', content: [{ type: 'text', text: 'there' }] },
        { role: 'assistant', content: 'a' },
        { role: 'assistant', content: [{ type: 'refusal', refusal: 'b' }] },
        { role: 'assistant', content: null, refusal: 'c' },
        { role: 'user', content: '  ' },
        { ...user, name: 'Ada' },
      ),
    ).toEqual([
      { role: 'user', content: ['hi', 'there'].map((text) => ({ type: 'text', text })) },
      { role: 'assistant', content: ['a', 'b', 'c'].map((text) => ({ type: 'text', text })) },
      { role: 'user', content: ['Ada:', 'hi'].map((text) => ({ type: 'text', text })) },
    ]);
  });

  it('contains tool calls and, in one message, their results', () => {
    expect(
      messagesFor(
        user,
        {
          role: 'assistant',
          content: null,
          tool_calls: [call('a', '{"city":"Oslo"}'), call('b', ''), call('c', '{}')],
        },
        { role: 'tool', tool_call_id: 'a', content: 'rain' },
        { role: 'tool', tool_call_id: 'b', content: [image('https://a.example/b.png')] },
        { role: 'tool', tool_call_id: 'c', content: '' },
        user,
      ),
    ).toEqual([
      hi,
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'a', name: 'get_weather', input: { city: 'Oslo' } },
          { type: 'tool_use', id: 'b', name: 'get_weather', input: {} },
          { type: 'tool_use', id: 'c', name: 'get_weather', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'rain' }] },
          {
            type: 'tool_result',
            tool_use_id: 'b',
            content: [{ type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } }],
          },
          { type: 'tool_result', tool_use_id: 'c' },
          { type: 'text', text: 'hi' },
        ],
      },
    ]);
  });

  it('gives calls and their results ids that Anthropic accepts', () => {
    const id = 'functions.get_weather:0';
    expect(
      messagesFor(
        user,
        { role: 'assistant', tool_calls: [call(id, '{}')] },
        { role: 'tool', tool_call_id: id, content: 'x' },
      ),
    ).toMatchObject([
      {},
      { content: [{ type: 'tool_use', id: 'functions_get_weather_0' }] },
      { content: [{ type: 'tool_result', tool_use_id: 'functions_get_weather_0' }] },
    ]);
  });

  it.each(['not json', '[1]', '"text"', 'null'])('keeps arguments that are not an object as text: %s', (args) => {
    expect(messagesFor(user, { role: 'assistant', tool_calls: [call('a', args)] })).toMatchObject([
      {},
      { content: [{ type: 'tool_use', input: { arguments: args } }] },
      {},
    ]);
  });

  it.each([
    [image('data:image/png;base64,AAAA'), { type: 'base64', media_type: 'image/png', data: 'AAAA' }],
    [image('data:image/jpg;base64,AAAA'), { type: 'base64', media_type: 'image/jpeg', data: 'AAAA' }],
    [image('https://a.example/b'), { type: 'url', url: 'https://a.example/b' }],
  ])('contains %j as an image', (part, source) => {
    expect(messagesFor({ role: 'user', content: [part] })).toEqual([
      { role: 'user', content: [{ type: 'image', source }] },
    ]);
  });

  it('contains files as documents, with cache marks', () => {
    const file = { file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' };
    const breakpoint = { mode: 'explicit', ttl: '1h' };
    expect(
      messagesFor({ role: 'user', content: [{ type: 'file', file, prompt_cache_breakpoint: breakpoint }] }),
    ).toEqual([
      {
        role: 'user',
        content: [
          {
            type: 'document',
            source: { type: 'base64', media_type: 'application/pdf', data: 'AAAA' },
            title: 'a.pdf',
            cache_control: { type: 'ephemeral', ttl: '1h' },
          },
        ],
      },
    ]);
  });

  it('contains reasoning in its original place', () => {
    const format = 'anthropic-claude-v1';
    const details = [
      { type: 'reasoning.text', text: 'hm', signature: 's1', format, index: 0 },
      { type: 'reasoning.encrypted', data: 'xyz', format, index: 2 },
      { type: 'reasoning.text', text: 'of another', signature: 's2', format: 'google-gemini-v1', index: 1 },
      { type: 'reasoning.text', text: 'unsigned', format, index: 1 },
      'nonsense',
    ];
    const assistant = { role: 'assistant', content: 'so', reasoning_content: 'hm', reasoning_details: details };
    expect(messagesFor(user, { ...assistant, tool_calls: [call('a', '{}')] })).toMatchObject([
      {},
      {
        content: [
          { type: 'thinking', thinking: 'hm', signature: 's1' },
          { type: 'text', text: 'so' },
          { type: 'redacted_thinking', data: 'xyz' },
          { type: 'tool_use', id: 'a' },
        ],
      },
      {},
    ]);
  });

  it('does not end in white space if the answer is to be continued', () => {
    expect(messagesFor(user, { role: 'assistant', content: 'once \n' })).toEqual([
      hi,
      { role: 'assistant', content: [{ type: 'text', text: 'once' }] },
    ]);
    expect(messagesFor({ role: 'assistant', content: 'once ' }, user)).toMatchObject([
      {},
      { content: [{ text: 'once ' }] },
      hi,
    ]);
  });
});
