import type { JsonObject } from '@sluice/protocol';
import { type CallPlan, fitRequest, providers } from '@sluice/providers';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { plan as planOf } from '../plan.ts';
import { untyped } from '../body.ts';

const base = 'https://dashscope.aliyuncs.com';
const plan = (over: Partial<CallPlan> = {}): CallPlan => planOf({ model: 'app 1', baseUrl: base, ...over });
const user = (content: unknown) => ({ role: 'user', content });
const image = (url: string) => ({ type: 'image_url', image_url: { url } });

interface Sent {
  readonly input: Readonly<Record<string, unknown>>;
  readonly parameters: Readonly<Record<string, unknown>>;
}

function sent(body: JsonObject, options: object = {}, over: Partial<CallPlan> = {}): Sent {
  const request = providers.bailian
    .create(options)
    .toUpstream(untyped({ messages: [user('hi')], ...body }), plan(over));
  return JSON.parse(String(request.body)) as Sent;
}

function refused(body: JsonObject, options: object = {}): unknown {
  const adapter = providers.bailian.create(options);
  const fitted = fitRequest(untyped({ messages: [user('hi')], ...body }), adapter, {
    model: 'm',
    dropUnsupported: false,
  });
  return fitted.kind === 'unsupported' ? fitted.failure.message : fitted.kind;
}

describe('a request to an application', () => {
  it('goes to the application of the target’s name, or to the configured one', verifies('002-05'), () => {
    const { toUpstream } = providers.bailian.create({});
    expect(toUpstream({ messages: [] }, plan()).url).toBe(`${base}/api/v1/apps/app%201/completion`);
    const configured = providers.bailian.create({ app_id: 'other' }).toUpstream({ messages: [] }, plan());
    expect(configured.url).toBe(`${base}/api/v1/apps/other/completion`);
  });

  it('goes to Beijing by default', verifies('002-12'), () => {
    expect(providers.bailian.defaultBaseUrl).toBe(base);
  });

  it('requests a stream with a special header', verifies('002-04'), () => {
    const { toUpstream } = providers.bailian.create({ workspace: 'ws-1' });
    expect(toUpstream({}, plan()).headers).toMatchObject({
      'x-dashscope-sse': 'enable',
      'x-dashscope-workspace': 'ws-1',
      accept: 'text/event-stream',
      authorization: 'Bearer key',
    });
    expect(toUpstream({}, plan({ stream: false })).headers).not.toHaveProperty('x-dashscope-sse');
  });

  it.each<[string, JsonObject, object]>([
    ['a single message of the user', {}, { prompt: 'hi' }],
    [
      'its parts',
      {
        messages: [
          user([
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ]),
        ],
      },
      { prompt: 'ab' },
    ],
    [
      'a conversation',
      {
        messages: [
          { role: 'developer', content: 'Be brief.' },
          user('hi'),
          { role: 'assistant', content: null, refusal: 'No.' },
          { role: 'system', content: [{ type: 'text', text: 'Now be long.' }] },
          user('who are you?'),
        ],
      },
      {
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'hi' },
          { role: 'assistant', content: 'No.' },
          { role: 'system', content: 'Now be long.' },
          { role: 'user', content: 'who are you?' },
        ],
      },
    ],
    [
      'an image',
      { messages: [user([{ type: 'text', text: 'what?' }, image('https://a/1.png'), image('https://a/2.png')])] },
      { prompt: 'what?', image_list: ['https://a/1.png', 'https://a/2.png'] },
    ],
    [
      'a turn of a session',
      { session_id: 's1', messages: [user('a'), { role: 'assistant', content: 'b' }, user('c')] },
      { prompt: 'c', session_id: 's1' },
    ],
    ['an application’s variables', { biz_params: { city: 'Rome' } }, { prompt: 'hi', biz_params: { city: 'Rome' } }],
  ])('contains %s', verifies('002-01', '002-29'), (_what, body, input) => {
    expect(sent(body).input).toEqual(input);
  });

  it('contains the parameters that an application supports', verifies('002-24'), () => {
    const given = {
      temperature: 0.7,
      top_p: 0.8,
      top_k: 20,
      seed: 7,
      stop: ['a', 'b'],
      presence_penalty: 0.5,
      frequency_penalty: 0.1,
      rag_options: { pipeline_ids: ['p'] },
    };
    expect(sent({ ...given, max_tokens: 1000 }).parameters).toEqual({
      ...given,
      max_tokens: 1000,
      incremental_output: true,
    });
    expect(
      sent({ max_tokens: 5, max_completion_tokens: 6, temperature: null }, {}, { stream: false }).parameters,
    ).toEqual({ max_tokens: 6 });
  });

  it.each<[JsonObject, boolean]>([
    [{ reasoning_effort: 'none' }, false],
    [{ reasoning_effort: 'minimal' }, false],
    [{ reasoning_effort: 'low' }, true],
    [{ reasoning_effort: 'high', enable_thinking: false }, false],
  ])('turns reasoning on or off: %j', (body, isThinking) => {
    expect(sent(body).parameters).toMatchObject({ enable_thinking: isThinking });
  });

  it("uses the upstream's options", () => {
    const options = {
      thoughts: true,
      incremental: false,
      biz_params: { a: 1 },
      rag_options: { pipeline_ids: ['p'] },
    };
    expect(sent({}, options)).toEqual({
      input: { prompt: 'hi', biz_params: { a: 1 } },
      parameters: { has_thoughts: true, rag_options: { pipeline_ids: ['p'] } },
      debug: {},
    });
    const own = sent({ biz_params: { b: 2 }, rag_options: { tags: [] } }, options);
    expect([own.input['biz_params'], own.parameters['rag_options']]).toEqual([{ b: 2 }, { tags: [] }]);
  });
});

describe('a field that an application can’t serve', () => {
  const tools = [{ type: 'function', function: { name: 'f' } }];
  const named = (...names: string[]): string =>
    `The model "m" does not support ${names.map((name) => `"${name}"`).join(', ')}.`;

  it.each<[string, JsonObject, string]>([
    ['tools', { tools }, named('tools')],
    ['JSON', { response_format: { type: 'json_object' } }, named('response_format')],
    ['several answers', { n: 2 }, named('n')],
    [
      'results of tools',
      { messages: [user('a'), { role: 'tool', content: 'b', tool_call_id: 'c' }] },
      named('messages[1]'),
    ],
    [
      'calls of tools',
      { messages: [user('a'), { role: 'assistant', content: null, tool_calls: [{ id: 'c' }] }, user('b')] },
      named('messages[1].tool_calls'),
    ],
    ['names of participants', { messages: [{ ...user('a'), name: 'Ann' }] }, named('messages[0].name')],
    ['embedded images', { messages: [user([image('data:image/png;base64,AA==')])] }, named('messages[0].content[0]')],
    [
      'images before the question',
      { messages: [user([image('https://a/1.png')]), user('what?')] },
      named('messages[0].content[0]'),
    ],
    ['unknown parts', { messages: [user([{ type: 'video_url' }])] }, named('messages[0].content[0]')],
    ['sounds', { messages: [user([{ type: 'input_audio' }])] }, named('messages[0].content[0]')],
    ['a session that is not a text', { session_id: 7 }, named('session_id')],
    [
      'a session without a question',
      { session_id: 's', messages: [user('a'), { role: 'assistant', content: 'b' }] },
      named('session_id'),
    ],
  ])('is refused with its name: %s', (_what, body, message) => {
    expect(refused(body)).toBe(message);
  });

  it.each<[string, JsonObject]>([
    ['tools that must not be called', { tools, tool_choice: 'none' }],
    ['a single answer', { n: 1, parallel_tool_calls: true, response_format: { type: 'text' } }],
    ['empty members', { messages: [{ role: 'assistant', content: 'a', tool_calls: [], name: '' }, user('b')] }],
  ])('is not refused: %s', (_what, body) => {
    expect(refused(body)).toBe('fits');
  });
});

describe('a request to a plain model', () => {
  const options = { mode: 'compatible', workspace: 'ws-1' };

  it('is OpenAI’s, with another URL', verifies('002-13', '002-30'), () => {
    const { url, headers, body } = providers.bailian
      .create(options)
      .toUpstream(
        untyped({ messages: [user('hi')], tools: [], unknown: 1, stream: true }),
        plan({ model: 'qwen-plus' }),
      );
    expect(url).toBe(`${base}/compatible-mode/v1/chat/completions`);
    expect(headers).toMatchObject({ authorization: 'Bearer key', 'x-dashscope-workspace': 'ws-1' });
    expect(JSON.parse(String(body))).toEqual({
      model: 'qwen-plus',
      stream: true,
      messages: [user('hi')],
      tools: [],
      unknown: 1,
      stream_options: { include_usage: true },
    });
  });

  it('for embeddings requests numbers, whatever the client requests', () => {
    const { embeddings } = providers.bailian.create(options);
    const request = embeddings?.toUpstream(
      { input: 'hi', encoding_format: 'base64' },
      plan({ model: 'text-embedding-v4' }),
    );
    expect(request?.url).toBe(`${base}/compatible-mode/v1/embeddings`);
    expect(request?.headers).toMatchObject({ 'x-dashscope-workspace': 'ws-1' });
    expect(JSON.parse(String(request?.body))).toEqual({
      model: 'text-embedding-v4',
      input: 'hi',
      encoding_format: 'float',
    });
    expect(embeddings?.findUnsupported?.({ input: [1, 2] })).toEqual([['input']]);
    expect(embeddings?.mostInputs).toBe(10);
    expect(providers.bailian.create({}).embeddings).toBeUndefined();
  });

  it('may contain everything that OpenAI’s may', () => {
    expect(refused({ n: 2, tools: [{ type: 'function' }] }, options)).toBe('fits');
  });
});
