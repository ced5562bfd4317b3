import { GatewayError, parseLossless, writeLossless } from '@sluice/protocol';
import { parseCountTokensRequest, parseMessagesRequest, toChatRequest, toPrompt } from '@sluice/surfaces';
import { describe, expect, it } from 'vitest';

type Fields = Readonly<Record<string, unknown>>;

const base = { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] };

function translate(fields: Fields, isNative = false) {
  const { chat, dropped } = toChatRequest(parseMessagesRequest({ ...base, ...fields }), { isNative });
  return { chat: chat as unknown as Fields & { readonly messages: readonly Fields[] }, dropped };
}

const chatOf = (fields: Fields) => translate(fields).chat;
const messagesOf = (...messages: readonly object[]) => chatOf({ messages }).messages;
const tool = { name: 'f', description: 'd', input_schema: { type: 'object', properties: {} } };

function refusal(fields: Fields): { readonly code: string; readonly param: string | undefined; message: string } {
  try {
    translate(fields);
  } catch (error) {
    if (error instanceof GatewayError) return { code: error.code, param: error.param, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the settings of a request', () => {
  it.each<[Fields, Fields]>([
    [{}, { model: 'm', max_completion_tokens: 100 }],
    [{ stream: true }, { stream: true, stream_options: { include_usage: true } }],
    [
      { temperature: 0.5, top_p: 0.9, top_k: 5 },
      { temperature: 0.5, top_p: 0.9, top_k: 5 },
    ],
    [{ stop_sequences: ['a', 'b'] }, { stop: ['a', 'b'] }],
    [{ metadata: { user_id: 'u' } }, { user: 'u' }],
    [{ service_tier: 'standard_only' }, { service_tier: 'default' }],
    [{ thinking: { type: 'enabled', budget_tokens: 1024 } }, { reasoning_effort: 'low' }],
    [{ thinking: { type: 'enabled', budget_tokens: 10_000 } }, { reasoning_effort: 'medium' }],
    [{ thinking: { type: 'enabled', budget_tokens: 31_999 } }, { reasoning_effort: 'high' }],
    [{ thinking: { type: 'adaptive' } }, { reasoning_effort: 'medium' }],
    [{ thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }, { reasoning_effort: 'low' }],
    [{ output_config: { effort: 'max' } }, { reasoning_effort: 'xhigh' }],
    [
      { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'answer', schema: { type: 'object' }, strict: true },
        },
      },
    ],
  ])('%j becomes %j', (fields, expected) => {
    expect(chatOf(fields)).toMatchObject(expected);
  });

  it.each<[Fields, readonly string[]]>([
    [{}, []],
    [{ context_management: { edits: [] }, container: 'c' }, ['context_management', 'container']],
    [{ metadata: { user_id: 'x'.repeat(65), team: 't' } }, ['metadata.team', 'metadata.user_id']],
    [{ thinking: { type: 'disabled' } }, ['thinking']],
    [{ tools: [{ ...tool, defer_loading: true }] }, ['tools.defer_loading']],
    [{ output_config: { effort: 'low', task_budget: 5 } }, ['output_config.task_budget']],
    [{ cache_control: { type: 'ephemeral' } }, ['cache_control']],
    [
      {
        messages: [
          { role: 'assistant', content: [{ type: 'server_tool_use', id: 's', name: 'web_search', input: {} }] },
        ],
      },
      ['messages.content.server_tool_use'],
    ],
  ])('%j lists what is left out: %j', (fields, dropped) => {
    expect(translate(fields).dropped).toEqual(dropped);
  });
});

describe('instructions', () => {
  it('keep their blocks and marks', () => {
    const mark = { type: 'ephemeral', ttl: '1h' };
    const system = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b', cache_control: mark },
    ];
    expect(chatOf({ system }).messages[0]).toEqual({
      role: 'system',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b', cache_control: mark },
      ],
    });
  });

  it.each([['one'], [[{ type: 'text', text: 'one' }]]])('of one text are a text: %j', (system) => {
    expect(chatOf({ system }).messages[0]).toEqual({ role: 'system', content: 'one' });
  });

  // Report 7: the attribution block changes per request, so that no cache of another provider is ever read.
  it('leave out the attribution block of Claude Code', () => {
    const system = [
      { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1; cch=abc;' },
      { type: 'text', text: 'You are helpful.' },
    ];
    expect(chatOf({ system }).messages[0]).toEqual({ role: 'system', content: 'You are helpful.' });
  });

  it('between the turns stay in their place', () => {
    expect(
      messagesOf(
        { role: 'user', content: 'a' },
        { role: 'system', content: [{ type: 'text', text: 'b' }] },
        { role: 'user', content: 'c' },
      ).map(({ role, content }) => [role, content]),
    ).toEqual([
      ['user', 'a'],
      ['system', 'b'],
      ['user', 'c'],
    ]);
  });
});

// Report 8: runs were flattened to texts, so that every mark was lost and the bill was ten times as high.
it('keeps all cache marks of a body of Claude Code', () => {
  const mark = { type: 'ephemeral' };
  const { chat } = translate({
    system: [
      { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1' },
      { type: 'text', text: 'a', cache_control: mark },
      { type: 'text', text: 'b', cache_control: mark },
    ],
    tools: [{ ...tool, cache_control: mark }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'c' }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: {}, cache_control: mark }] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 't', content: 'r', cache_control: mark },
          { type: 'text', text: 'd', cache_control: mark },
        ],
      },
    ],
  });
  expect(JSON.stringify(chat).match(/"cache_control":\{"type":"ephemeral"\}/g)).toHaveLength(6);
});

// Report 9: each request wrote the cache, and none read it; the prompt must be the same each time.
it('gives the same chat request for the same request', () => {
  const fields = { system: 's', tools: [tool], metadata: { user_id: 'u' } };
  expect(JSON.stringify(chatOf(fields))).toBe(JSON.stringify(chatOf(fields)));
});

describe('a result of a tool', () => {
  const use = { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: { a: 1 } }] };
  const resultOf = (result: object, ...more: readonly object[]) =>
    messagesOf(use, { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', ...result }, ...more] });

  it('comes before the text of its message', () => {
    expect(resultOf({ content: 'r' }, { type: 'text', text: 'and?' })).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
      { role: 'tool', tool_call_id: 't', content: 'r' },
      { role: 'user', content: 'and?' },
    ]);
  });

  it.each([
    [{ content: 'no file', is_error: true }, 'Error:\nno file'],
    [
      {
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      'a\nb',
    ],
    [{}, ''],
    [{ content: [] }, ''],
    [{ is_error: true }, 'Error:'],
  ])('%j has the text %j', (result, content) => {
    expect(resultOf(result)[1]).toMatchObject({ role: 'tool', content });
  });

  it('with an image shows it in a message of the user', () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
    expect(resultOf({ content: [image] }).slice(1)).toEqual([
      { role: 'tool', tool_call_id: 't', content: 'See the next message.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'From the result of the call t:' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        ],
      },
    ]);
  });
});

describe('the content of a user', () => {
  it.each([
    [
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
    ],
    [
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' }, title: 'a.pdf' },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBE', filename: 'a.pdf' } },
    ],
    [
      { type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: 'x' }] },
      { type: 'text', text: 't\ns\nx' },
    ],
  ])('%j becomes %j', (block, part) => {
    const text = { type: 'text', text: 'what?' };
    expect(messagesOf({ role: 'user', content: [block, text] })[0]?.['content']).toEqual([part, text]);
  });

  it('may be a document of text', () => {
    const block = { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x' }, title: 't' };
    expect(messagesOf({ role: 'user', content: [block] })[0]?.['content']).toEqual([
      { type: 'text', text: 't' },
      { type: 'text', text: 'x' },
    ]);
  });
});

describe('tools', () => {
  it('become functions', () => {
    expect(chatOf({ tools: [{ ...tool, type: 'custom', strict: true }] })['tools']).toEqual([
      {
        type: 'function',
        function: { name: 'f', description: 'd', parameters: tool.input_schema, strict: true },
      },
    ]);
  });

  it.each<[object, Fields]>([
    [{ type: 'auto' }, {}],
    [{ type: 'auto', disable_parallel_tool_use: true }, { parallel_tool_calls: false }],
    [{ type: 'any' }, { tool_choice: 'required' }],
    [{ type: 'none' }, { tool_choice: 'none' }],
    [{ type: 'tool', name: 'f' }, { tool_choice: { type: 'function', function: { name: 'f' } } }],
  ])('with the choice %j have %j', (choice, expected) => {
    const { tool_choice, parallel_tool_calls } = chatOf({ tools: [tool], tool_choice: choice });
    expect(JSON.parse(JSON.stringify({ tool_choice, parallel_tool_calls }))).toEqual(expected);
  });

  it('may be sent without an answer, for the cache of Anthropic', () => {
    expect(translate({ max_tokens: 0 }, true).chat['max_completion_tokens']).toBe(0);
  });

  it('of a server are kept for upstreams of Anthropic', () => {
    const search = { type: 'web_search_20250305', name: 'web_search' };
    expect(translate({ tools: [search] }, true).chat['tools']).toEqual([search]);
  });

  it('keep the digits of big numbers in inputs', () => {
    const text = `{"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"id":12345678901234567890}}]}]}`;
    const { chat } = toChatRequest(parseMessagesRequest(parseLossless(text)), { isNative: false });
    expect(writeLossless(chat)).toContain('{\\"id\\":12345678901234567890}');
  });
});

describe('a count of tokens', () => {
  it('has instructions, messages and tools, and refuses no kind of them', () => {
    const request = parseCountTokensRequest({
      model: 'm',
      system: 's',
      messages: [{ role: 'user', content: [{ type: 'container_upload', file_id: 'f' }] }],
      tools: [tool, { type: 'web_search_20250305', name: 'web_search' }],
    });
    const { messages, tools } = toPrompt(request);
    expect(messages).toHaveLength(2);
    expect(tools).toHaveLength(2);
  });

  it('needs no limit of the answer, and a list of messages', () => {
    expect(() => parseCountTokensRequest({ model: 'm', messages: [{ role: 'user', content: 'a' }] })).not.toThrow();
    expect(() => parseCountTokensRequest({ model: 'm' })).toThrow(/'messages'/);
  });
});

describe('a wrong request', () => {
  it.each<[Fields, string, string]>([
    [{ max_tokens: undefined }, 'missing_required_parameter', 'max_tokens'],
    [{ max_tokens: 0 }, 'integer_below_min_value', 'max_tokens'],
    [{ messages: [] }, 'empty_array', 'messages'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'invalid_value', 'messages[0].role'],
    [
      { messages: [{ role: 'user', content: [{ type: 'text' }] }] },
      'missing_required_parameter',
      'messages[0].content[0].text',
    ],
    [{ messages: [{ role: 'user', content: 5 }] }, 'invalid_type', 'messages[0].content'],
    [{ temperature: 1.5 }, 'decimal_above_max_value', 'temperature'],
    [{ stop_sequences: ['a', 'b', 'c', 'd', 'e'] }, 'array_above_max_length', 'stop_sequences'],
    [{ tools: [{ name: 'f' }] }, 'missing_required_parameter', 'tools[0].input_schema'],
    [{ tools: [{ ...tool, name: 'a b' }] }, 'invalid_value', 'tools[0].name'],
    [{ tools: [tool], tool_choice: { type: 'tool', name: 'g' } }, 'invalid_value', 'tool_choice.name'],
    [{ tool_choice: { type: 'any' } }, 'invalid_value', 'tool_choice'],
    [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'unsupported_parameter', 'tools[0]'],
    [{ mcp_servers: [{ type: 'url', url: 'https://example.com' }] }, 'unsupported_parameter', 'mcp_servers'],
    [
      { messages: [{ role: 'user', content: [{ type: 'container_upload', file_id: 'f' }] }] },
      'unsupported_parameter',
      'messages[0].content[0]',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }] }] },
      'unsupported_parameter',
      'messages[0].content[0].source',
    ],
    [{ base_url: 'https://example.com' }, 'unsupported_parameter', 'base_url'],
    [{ messages: [{ role: 'user', content: '' }] }, 'empty_array', 'messages'],
  ])('%j is refused with %s at %s', (fields, code, param) => {
    expect(refusal(fields)).toMatchObject({ code, param });
  });

  it('names the tool of a server', () => {
    expect(refusal({ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }).message).toContain("'web_search'");
  });
});
