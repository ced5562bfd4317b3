import { GatewayError } from '@sluice/protocol';
import { parseResponsesRequest, responsesToChat } from '@sluice/surfaces';
import { describe, expect, it } from 'vitest';
import { readStream } from './grammar.ts';
import { call, chunk, finish, translate } from './scene.ts';

const toChat = (body: object) => responsesToChat(parseResponsesRequest({ model: 'm', input: 'Hi', ...body }));
const chatOf = (body: object) => toChat(body).chat;

function refusal(body: object): unknown {
  try {
    chatOf(body);
  } catch (error) {
    if (error instanceof GatewayError) return { code: error.code, param: error.param };
    throw error;
  }
  return 'none';
}

describe('a request of the Responses API', () => {
  it('becomes a chat request', () => {
    const body = {
      instructions: 'Be brief.',
      input: [
        { role: 'developer', content: 'D' },
        {
          type: 'message',
          role: 'user',
          content: [
            { type: 'input_text', text: 'What is it?' },
            { type: 'input_image', image_url: 'https://x/y.png', detail: 'low' },
          ],
        },
        { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a":1}' },
        { type: 'function_call', call_id: 'c2', name: 'f', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c1', output: 'one' },
        { type: 'function_call_output', call_id: 'c2', output: [{ type: 'input_text', text: 'two' }] },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Done.' }] },
      ],
      max_output_tokens: 50,
      temperature: 0.5,
      reasoning: { effort: 'low', summary: 'auto' },
      text: { format: { type: 'json_schema', name: 's', schema: { type: 'object' }, strict: true }, verbosity: 'low' },
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: false }],
      tool_choice: { type: 'function', name: 'f' },
      stream: true,
      metadata: { a: 'b' },
    };
    expect(chatOf(body)).toEqual({
      model: 'm',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'system', content: 'D' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            { type: 'image_url', image_url: { url: 'https://x/y.png', detail: 'low' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
            { id: 'c2', type: 'function', function: { name: 'f', arguments: '{}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'one' },
        { role: 'tool', tool_call_id: 'c2', content: [{ type: 'text', text: 'two' }] },
        { role: 'assistant', content: 'Done.' },
      ],
      tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' }, strict: false } }],
      tool_choice: { type: 'function', function: { name: 'f' } },
      temperature: 0.5,
      max_completion_tokens: 50,
      reasoning_effort: 'low',
      verbosity: 'low',
      response_format: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'object' }, strict: true } },
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it('tells the model of the allowed tools alone', () => {
    const tools = [
      { type: 'function', name: 'a' },
      { type: 'custom', name: 'b' },
    ];
    const chat = chatOf({
      tools,
      tool_choice: { type: 'allowed_tools', mode: 'required', tools: [{ type: 'custom', name: 'b' }] },
    });
    expect(chat.tools).toMatchObject([{ function: { name: 'b' } }]);
    expect(chat.tool_choice).toBe('required');
  });

  it('declares the tools that a search of the client has found', () => {
    const search = { type: 'tool_search', execution: 'client', parameters: { type: 'object' } };
    const found = [{ type: 'function', name: 'late', description: 'd' }];
    const chat = chatOf({
      tools: [search],
      input: [
        { role: 'user', content: 'q' },
        { type: 'tool_search_call', call_id: 'c', execution: 'client', arguments: { query: 'x' } },
        { type: 'tool_search_output', call_id: 'c', execution: 'client', tools: found },
      ],
    });
    expect(chat.tools).toMatchObject([{ function: { name: 'tool_search' } }, { function: { name: 'late' } }]);
    expect(chat.messages.slice(1)).toMatchObject([
      { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'tool_search', arguments: '{"query":"x"}' } }] },
      { role: 'tool', tool_call_id: 'c', content: '{"tools":[{"name":"late","description":"d"}]}' },
    ]);
  });

  it('describes the grammar of a custom tool (report 15)', () => {
    const format = { type: 'grammar', syntax: 'lark', definition: 'start: "x"' };
    const [tool] =
      chatOf({ tools: [{ type: 'custom', name: 'apply_patch', description: 'Patches.', format }] }).tools ?? [];
    expect(tool).toMatchObject({
      function: {
        name: 'apply_patch',
        description: expect.stringContaining('start: "x"') as unknown,
        parameters: { required: ['input'] },
      },
    });
  });

  it('sends back what an answer brought: calls with their reasoning, custom texts, namespaces', () => {
    const tools = [
      { type: 'custom', name: 'apply_patch' },
      { type: 'namespace', name: 'crm', description: 'd', tools: [{ type: 'function', name: 'find' }] },
    ];
    const details = [{ type: 'reasoning.text', text: 'Hm', signature: 's', index: 0 }];
    const extra = { google: { thought_signature: 't' } };
    const calls = [
      { id: 'c1', type: 'function', function: { name: 'apply_patch', arguments: '{"input":"+1"}' } },
      { id: 'c2', type: 'function', function: { name: 'crm__find', arguments: '{}' } },
    ];
    const events = [
      chunk({ reasoning_content: 'Hm' }),
      chunk({ content: 'I look.' }),
      chunk({ reasoning_details: details }),
      call(0, { ...calls[0], extra_content: extra }),
      call(1, { ...calls[1] }),
      finish('tool_calls'),
    ];
    const { output } = readStream(translate(events, { tools })).response;
    expect(chatOf({ tools, input: [{ role: 'user', content: 'q' }, ...output] }).messages[1]).toEqual({
      role: 'assistant',
      content: 'I look.',
      reasoning_content: 'Hm',
      reasoning_details: details,
      tool_calls: [{ ...calls[0], extra_content: extra }, calls[1]],
    });
  });

  it('leaves out reasoning that another server has encrypted (report 20)', () => {
    const input = [
      { type: 'reasoning', summary: [], encrypted_content: 'gAAAA' },
      { type: 'message', role: 'user', content: 'x' },
    ];
    expect(chatOf({ input }).messages).toEqual([{ role: 'user', content: 'x' }]);
  });

  it.each<[object, string, string]>([
    [{ model: 5 }, 'invalid_type', 'model'],
    [{ input: undefined }, 'missing_required_parameter', 'input'],
    [{ input: 7 }, 'invalid_type', 'input'],
    [{ temperature: 3 }, 'decimal_above_max_value', 'temperature'],
    [{ tools: [{ type: 'web_search' }] }, 'unsupported_tool', 'tools[0].type'],
    [{ tools: [{ type: 'function' }] }, 'missing_required_parameter', 'tools[0].name'],
    [
      { tools: [{ type: 'namespace', name: 'n', tools: [{ type: 'mcp' }] }] },
      'unsupported_tool',
      'tools[0].tools[0].type',
    ],
    [{ tool_choice: { type: 'file_search' } }, 'unsupported_tool', 'tool_choice.type'],
    [{ tool_choice: { type: 'function', name: 'none' } }, 'invalid_value', 'tool_choice'],
    [{ tool_choice: { type: 'function' } }, 'invalid_type', 'tool_choice.name'],
    [{ tool_choice: { type: 'allowed_tools', tools: [{ name: 5 }] } }, 'invalid_type', 'tool_choice.tools[0].name'],
    [{ input: [{ type: 'web_search_call', id: 'x' }] }, 'invalid_value', 'input[0].type'],
    [{ input: [{ role: 'robot', content: 'x' }] }, 'invalid_value', 'input[0].role'],
    [
      { input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'f' }] }] },
      'invalid_value',
      'input[0].content[0]',
    ],
    [{ input: [{ role: 'user', content: 5 }] }, 'invalid_type', 'input[0].content'],
    [{ input: [{ type: 'function_call', name: 'f' }] }, 'missing_required_parameter', 'input[0].name'],
    [{ input: [{ type: 'function_call_output', output: 'x' }] }, 'missing_required_parameter', 'input[0].call_id'],
    [{ text: { format: { type: 'xml' } } }, 'invalid_value', 'text.format.type'],
    [{ text: { format: { type: 'json_schema', name: 'n' } } }, 'missing_required_parameter', 'text.format.schema'],
    [{ text: { format: { type: 'json_schema', name: 'no space', schema: {} } } }, 'invalid_value', 'text.format.name'],
    [{ background: true }, 'unsupported_parameter', 'background'],
    [{ prompt: { id: 'p' } }, 'unsupported_parameter', 'prompt'],
    [{ truncation: 'maybe' }, 'invalid_value', 'truncation'],
  ])('%j is refused with %s for %s', (body, code, param) => {
    expect(refusal(body)).toEqual({ code, param });
  });

  it('lists what no upstream gets', () => {
    expect(toChat({ include: ['file_search_call.results'], later_field: 1, max_tool_calls: 3 }).dropped).toEqual([
      'later_field',
      'include.file_search_call.results',
      'max_tool_calls',
    ]);
  });
});
