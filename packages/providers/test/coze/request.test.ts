import { fitRequest, providers } from '@sluice/providers';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';
import { untyped } from '../body.ts';

const adapter = providers.coze.create({});
const botId = '7300000000000000001';

const bodyOf = (
  body: Record<string, unknown>,
  model = `bot-${botId}`,
  options: object = {},
): Record<string, unknown> => {
  const { body: text } = providers.coze.create(options).toUpstream(body, plan({ model }));
  return JSON.parse(String(text)) as Record<string, unknown>;
};
const sentMessages = (messages: unknown): unknown => bodyOf({ messages })['additional_messages'];
const question = (content: string): object => ({ role: 'user', type: 'question', content_type: 'text', content });
const answer = (content: string): object => ({ role: 'assistant', type: 'answer', content_type: 'text', content });

describe('a request to Coze', () => {
  it('starts a chat that is not stored', () => {
    const request = adapter.toUpstream({ messages: [{ role: 'user', content: 'hi' }] }, plan({ model: botId }));
    expect(request).toMatchObject({ method: 'POST', url: 'http://upstream.example/v1/v3/chat' });
    expect(request.headers).toMatchObject({ authorization: 'Bearer key', accept: 'text/event-stream' });
    expect(JSON.parse(String(request.body))).toEqual({
      bot_id: botId,
      user_id: 'sluice',
      stream: true,
      auto_save_history: false,
      additional_messages: [question('hi')],
    });
    expect(adapter.toUpstream({}, plan({ apiKey: undefined })).headers).not.toHaveProperty('authorization');
  });

  it.each([
    [`bot-${botId}`, botId],
    [botId, botId],
    ['bot-my-bot', 'my-bot'],
  ])('contains the bot id of the model %s', verifies('003-20'), (model, id) => {
    expect(bodyOf({ messages: [] }, model)).toMatchObject({ bot_id: id });
  });

  it.each([
    [{}, {}, 'sluice'],
    [{}, { user_id: 'tenant' }, 'tenant'],
    [{ user: 'u' }, { user_id: 'tenant' }, 'u'],
    [{ user: 'u', safety_identifier: 's' }, {}, 's'],
    [{ user: '', safety_identifier: null }, {}, 'sluice'],
  ])('contains the user id: %j with %j is %s', (fields, options, user) => {
    expect(bodyOf({ messages: [], ...fields }, botId, options)).toMatchObject({ user_id: user });
  });

  it("contains tags, a bot's variables and a chat flow's input", () => {
    const fields = { custom_variables: { city: 'Rome' }, parameters: { depth: 2 } };
    expect(bodyOf({ messages: [], metadata: { trace: 'x' }, ...fields })).toMatchObject({
      meta_data: { trace: 'x' },
      ...fields,
    });
  });
});

describe('the messages of a request to Coze', () => {
  it.each<[string, unknown[], unknown[]]>([
    [
      'turns',
      [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'c' },
            { type: 'text', text: 'd' },
          ],
        },
      ],
      [question('a'), answer('b'), question('c\n\nd')],
    ],
    [
      'instructions, before the next user message',
      [
        { role: 'system', content: 'Be kind.' },
        { role: 'developer', content: 'Be short.' },
        { role: 'assistant', content: 'Hello!' },
        { role: 'user', content: 'a' },
        { role: 'system', content: 'Be loud.' },
        { role: 'user', content: 'b' },
      ],
      [answer('Hello!'), question('Be kind.\n\nBe short.\n\na'), question('Be loud.\n\nb')],
    ],
    [
      'instructions after the question',
      [
        { role: 'user', content: 'a' },
        { role: 'system', content: 'Be kind.' },
      ],
      [question('a\n\nBe kind.')],
    ],
    ['instructions alone', [{ role: 'system', content: 'Be kind.' }], [question('Be kind.')]],
    [
      'instructions after an answer',
      [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
        { role: 'system', content: 'Go on.' },
      ],
      [question('a'), answer('b'), question('Go on.')],
    ],
    [
      'tool calls and their results',
      [
        { role: 'user', content: 'a' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'get', arguments: '{"x":1}' } },
            { id: 'c2', type: 'custom', custom: { name: 'run', input: 'ls' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: '21' },
        { role: 'assistant', content: 'so', function_call: { name: 'old', arguments: '{}' } },
        { role: 'function', name: 'old', content: null },
      ],
      [
        question('a'),
        answer('Tool call c1: get({"x":1})\n\nTool call c2: run(ls)'),
        question('Result of the tool call c1:\n\n21'),
        answer('so\n\nFunction call: old({})'),
        question('Result of the function old:'),
      ],
    ],
    [
      'names and refusals',
      [
        { role: 'user', name: 'ann', content: 'a' },
        { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }], refusal: 'Never.' },
        { role: 'user', content: '' },
      ],
      [question('ann:\n\na'), answer('No.\n\nNever.'), question('')],
    ],
    [
      'images',
      [
        { role: 'system', content: 'Look.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What?' },
            { type: 'image_url', image_url: { url: 'https://x.example/a.png', detail: 'auto' } },
          ],
        },
      ],
      [
        {
          role: 'user',
          type: 'question',
          content_type: 'object_string',
          content: JSON.stringify([
            { type: 'text', text: 'Look.' },
            { type: 'text', text: 'What?' },
            { type: 'image', file_url: 'https://x.example/a.png' },
          ]),
        },
      ],
    ],
  ])('are %s', (_what, messages, expected) => {
    expect(sentMessages(messages)).toEqual(expected);
  });
});

describe('a field that Coze can not serve', () => {
  const user = { role: 'user', content: 'a' };
  const text = { type: 'text', text: 'a' };
  const image = (url: string, more: object = {}): object => ({ type: 'image_url', image_url: { url, ...more } });
  const fit = (body: object, dropUnsupported = false) =>
    fitRequest(untyped({ model: 'm', messages: [user], ...body }), adapter, { model: 'm', dropUnsupported });

  it.each([
    ['temperature', { temperature: 0.5 }],
    ['max_tokens', { max_tokens: 5 }],
    ['max_completion_tokens', { max_completion_tokens: 5 }],
    ['stop', { stop: ['x'] }],
    ['response_format', { response_format: { type: 'json_object' } }],
    ['reasoning_effort', { reasoning_effort: 'low' }],
    ['n', { n: 2 }],
    ['messages[0].content[0]', { messages: [{ role: 'user', content: [image('data:image/png;base64,AA=='), text] }] }],
    [
      'messages[0].content[0].image_url.detail',
      { messages: [{ role: 'user', content: [image('https://x.example/a', { detail: 'high' })] }] },
    ],
    [
      'messages[0].content[0]',
      { messages: [{ role: 'assistant', content: [image('https://x.example/a'), text] }, user] },
    ],
    ['messages[0].content[0]', { messages: [{ role: 'user', content: [{ type: 'video_url', video_url: {} }, text] }] }],
    [
      'messages[0].content[0]',
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }, text] }] },
    ],
    ['messages[0].audio', { messages: [{ role: 'assistant', content: '', audio: { id: 'a' } }, user] }],
    [
      'messages[0].tool_calls[0]',
      { messages: [{ role: 'assistant', content: '', tool_calls: [{ type: 'x' }] }, user] },
    ],
    ['messages[1]', { messages: [user, { role: 'assistant', content: 'b' }] }],
  ])('is refused with its name: %s', (param, body) => {
    expect(fit(body)).toMatchObject({ kind: 'unsupported', failure: { kind: 'unsupported', param } });
    expect(fit(body, true)).toMatchObject({ kind: 'fits', dropped: [param], unsent: [] });
  });

  it('includes function calls', verifies('003-37'), () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    expect(fit({ tools, tool_choice: 'required' })).toMatchObject({
      kind: 'unsupported',
      failure: { param: 'tools', message: 'The model "m" does not support "tools", "tool_choice".' },
    });
    expect(fit({ tools, tool_choice: 'none' })).toMatchObject({ kind: 'fits' });
    expect(fit({ tools }, true)).toMatchObject({
      kind: 'fits',
      body: { messages: [user] },
      dropped: ['tools'],
      unsent: [],
    });
  });

  it('is not part of a plain request', () => {
    const body = { user: 'u', metadata: { a: 'b' }, temperature: null, stream: true, custom_variables: { a: 'b' } };
    expect(fit(body)).toEqual({
      kind: 'fits',
      body: { model: 'm', messages: [user], ...body },
      dropped: [],
      unsent: [],
    });
  });
});
