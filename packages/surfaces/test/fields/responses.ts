import type { JsonObject } from '@sluice/protocol';
import { parseResponsesRequest, responsesToChat, toResponsesField } from '@sluice/surfaces';
import type { OpenAI } from 'openai';
import type { Dialect } from './dialect.ts';
import type { Probe } from './probe.ts';

const user = { type: 'message', role: 'user', content: 'hello' };
const plain: JsonObject = { model: 'm', input: [user] };
const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };
const tool = {
  type: 'function',
  name: 'weather',
  parameters: { type: 'object', properties: {}, required: [], additionalProperties: false },
  strict: null,
};
const tooled: JsonObject = { ...plain, tools: [tool, { ...tool, name: 'time' }] };
const data = 'data:image/png;base64,iVBORw0KGgo=';

/** A value of each parameter; the compiler compares the list with OpenAI's own. */
const values = {
  access_programs: {},
  background: true,
  context_management: [{ type: 'compaction' }],
  conversation: 'conv_1',
  image: {},
  include: ['file_search_call.results'],
  instructions: 'be brief',
  max_output_tokens: 100,
  max_tool_calls: 2,
  metadata: { team: 'a' },
  moderation: { model: 'omni-moderation-latest' },
  previous_response_id: 'resp_1',
  prompt: { id: 'p' },
  prompt_cache_key: 'k',
  prompt_cache_options: { ttl: '1h' },
  prompt_cache_retention: '24h',
  reasoning: { effort: 'high' },
  safety_identifier: 's',
  service_tier: 'flex',
  store: false,
  stream: true,
  temperature: 0.5,
  text: { format: { type: 'json_schema', name: 'a', schema, strict: true } },
  tools: [tool],
  top_p: 0.5,
  truncation: 'auto',
  user: 'u',
} satisfies Partial<Record<Parameter, unknown>>;
type Parameter = keyof OpenAI.Responses.ResponseCreateParams;

const dependent = {
  input: { at: 'input[0].content', value: 'hello', other: 'bye', in: plain },
  model: { at: 'model', value: 'm', other: 'n', in: plain },
  parallel_tool_calls: { at: 'parallel_tool_calls', value: false, in: tooled },
  stream_options: { at: 'stream_options', value: { include_obfuscation: true }, in: { ...plain, stream: true } },
  tool_choice: { at: 'tool_choice', value: 'required', in: tooled },
  top_logprobs: { at: 'top_logprobs', value: 2, in: { ...plain, include: ['message.output_text.logprobs'] } },
} satisfies Record<Exclude<Parameter, keyof typeof values>, Probe>;

const call = { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"a":1}' };
const output = { type: 'function_call_output', call_id: 'call_1', output: 'rain' };
const items = (...given: readonly object[]): JsonObject => ({ ...tooled, input: [user, ...given] });
const item = (type: string, value: object): Probe => ({
  at: 'input[1]',
  value: { type, ...value },
  in: items({}),
  name: `input: ${type}`,
});
const part = (type: string, value: object, name = type): Probe => ({
  at: 'input[0].content[1]',
  value: { type, ...value },
  in: { ...plain, input: [{ ...user, content: [{ type: 'input_text', text: 'hello' }, {}] }] },
  name: `input.content: ${name}`,
});
const member = (name: string, value: unknown, given: object): Probe => ({
  at: `input[1].${name}`,
  value,
  in: items(given, ...(given === call ? [output] : [])),
  name: `input: ${String((given as JsonObject)['type'])}.${name}`,
});
const inPart = (name: string, value: unknown, given: JsonObject): Probe => ({
  at: `input[0].content[0].${name}`,
  value,
  in: { ...plain, input: [{ ...user, content: [given, { type: 'input_text', text: 'hello' }] }] },
  name: `input.content: ${String(given['type'])}.${name}`,
});
const ofTool = (name: string, value: unknown): Probe => ({ at: `tools[0].${name}`, value, in: tooled });
const hosted = (type: string, value: object = {}): Probe => ({
  at: 'tools[0]',
  value: { type, ...value },
  other: tool,
  in: tooled,
  name: `tools: ${type}`,
});
const assistant = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'well' }] };
const namespace = { type: 'namespace', name: 'n', description: 'd', tools: [{ ...tool, name: 'inner' }] };
const custom = { type: 'custom', name: 'c', description: 'd' };

const search = { type: 'tool_search', execution: 'client', parameters: { type: 'object', properties: {} } };
const searched: JsonObject = {
  ...plain,
  tools: [search],
  input: [
    user,
    { type: 'tool_search_call', call_id: 'c', execution: 'client', arguments: { query: 'x' } },
    { type: 'tool_search_output', call_id: 'c', execution: 'client', tools: [{ ...tool, name: 'late' }] },
  ],
};

const inner: readonly Probe[] = [
  { at: 'tools[0]', value: search, other: tool, in: tooled, name: 'tools: tool_search of the client' },
  { at: 'tools[0].description', value: 'd', in: searched, name: 'tools: tool_search.description' },
  { at: 'tools[0].a_member_of_tomorrow', value: true, in: searched, name: 'tools: tool_search.a_member_of_tomorrow' },
  {
    at: 'input[1].arguments',
    value: { query: 'x' },
    other: { query: 'y' },
    in: searched,
    name: 'input: tool_search_call.arguments',
  },
  {
    at: 'input[1].a_member_of_tomorrow',
    value: true,
    in: searched,
    name: 'input: tool_search_call.a_member_of_tomorrow',
  },
  {
    at: 'input[2].tools[0].name',
    value: 'late',
    other: 'later',
    in: searched,
    name: 'input: tool_search_output.tools',
  },
  {
    at: 'input[2].a_member_of_tomorrow',
    value: true,
    in: searched,
    name: 'input: tool_search_output.a_member_of_tomorrow',
  },
  {
    at: 'input[1]',
    value: { type: 'message', role: 'developer', content: 'be brief' },
    other: user,
    in: { ...plain, input: [user, user] },
    name: 'input: developer',
  },
  {
    at: 'input[1]',
    value: assistant,
    other: user,
    in: { ...plain, input: [user, user, user] },
    name: 'input: assistant',
  },
  member('phase', 'commentary', assistant),
  member('status', 'completed', assistant),
  member('id', 'msg_1', assistant),
  member('a_member_of_tomorrow', true, assistant),
  {
    at: 'input[1].content[0].annotations',
    value: [{ type: 'url_citation', url: 'https://example.com', title: 't', start_index: 0, end_index: 1 }],
    in: items(assistant),
    name: 'input.content: output_text.annotations',
  },
  part('input_text', { text: 'x' }),
  part('refusal', { refusal: 'no' }),
  part('input_image', { image_url: data }, 'input_image, data'),
  part('input_image', { image_url: 'https://example.com/a.png' }, 'input_image, https'),
  part('input_image', { file_id: 'f' }, 'input_image, file'),
  inPart('detail', 'low', { type: 'input_image', image_url: data }),
  part('input_audio', { input_audio: { data: 'AAAA', format: 'wav' } }),
  part('input_file', { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' }, 'input_file, data'),
  part('input_file', { file_id: 'f' }, 'input_file, id'),
  part('input_file', { file_url: 'https://example.com/a.pdf' }, 'input_file, url'),
  inPart('detail', 'low', { type: 'input_file', file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' }),
  inPart('prompt_cache_breakpoint', { mode: 'explicit' }, { type: 'input_text', text: 'x' }),
  inPart('a_member_of_tomorrow', true, { type: 'input_text', text: 'x' }),
  {
    at: 'input[1].arguments',
    value: '{"a":1}',
    other: '{"a":2}',
    in: items(call, output),
    name: 'input: function_call.arguments',
  },
  member('namespace', 'n', call),
  member('caller', { type: 'direct' }, call),
  {
    at: 'input[2].output',
    value: 'rain',
    other: 'sun',
    in: items(call, output),
    name: 'input: function_call_output.output',
  },
  {
    at: 'input[2].a_member_of_tomorrow',
    value: true,
    in: items(call, output),
    name: 'input: function_call_output.a_member_of_tomorrow',
  },
  {
    at: 'input[1]',
    value: { type: 'custom_tool_call', call_id: 'call_1', name: 'c', input: 'x' },
    other: call,
    in: { ...items(call, output), tools: [custom] },
    name: 'input: custom_tool_call',
  },
  item('reasoning', { id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }] }),
  {
    at: 'input[1]',
    value: {
      type: 'reasoning',
      id: 'rs_1',
      summary: [{ type: 'summary_text', text: 'hm' }],
      encrypted_content: 'foreign',
    },
    in: items({}, assistant, user),
    name: 'input: reasoning, of another server',
  },
  item('item_reference', { id: 'msg_1' }),
  item('web_search_call', { id: 'ws_1', status: 'completed' }),
  item('compaction', { encrypted_content: 'x' }),
  item('mcp_call', { id: 'm', name: 'x', server_label: 's', arguments: '{}' }),
  item('local_shell_call', { id: 'x', call_id: 'x', action: {}, status: 'completed' }),
  ofTool('description', 'x'),
  ofTool('parameters', schema),
  ofTool('strict', true),
  ofTool('defer_loading', true),
  ofTool('a_member_of_tomorrow', true),
  { at: 'tools[0]', value: custom, other: tool, in: tooled, name: 'tools: custom' },
  {
    at: 'tools[0].format',
    value: { type: 'grammar', syntax: 'regex', definition: 'a+' },
    in: { ...plain, tools: [custom] },
    name: 'tools: custom.format',
  },
  { at: 'tools[0]', value: namespace, other: tool, in: tooled, name: 'tools: namespace' },
  {
    at: 'tools[0].description',
    value: 'd',
    in: { ...plain, tools: [{ ...namespace, description: undefined }] },
    name: 'tools: namespace.description',
  },
  ...[
    'web_search',
    'file_search',
    'code_interpreter',
    'image_generation',
    'mcp',
    'computer_use_preview',
    'local_shell',
    'shell',
    'apply_patch',
    'tool_search',
  ].map((type) => hosted(type)),
  { at: 'tool_choice', value: { type: 'function', name: 'weather' }, in: tooled, name: 'tool_choice: function' },
  {
    at: 'tool_choice',
    value: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'weather' }] },
    in: tooled,
    name: 'tool_choice: allowed_tools',
  },
  { at: 'tool_choice', value: { type: 'web_search_preview' }, in: tooled, name: 'tool_choice: web_search_preview' },
  { at: 'reasoning.summary', value: 'detailed', in: plain },
  { at: 'reasoning.generate_summary', value: 'detailed', in: plain },
  { at: 'reasoning.a_member_of_tomorrow', value: 'x', in: plain },
  { at: 'text.format', value: { type: 'json_object' }, in: plain, name: 'text.format: json_object' },
  { at: 'text.format.description', value: 'x', in: { ...plain, text: values.text } },
  { at: 'text.verbosity', value: 'low', in: plain },
  { at: 'text.a_member_of_tomorrow', value: 'x', in: plain },
  { at: 'include', value: ['reasoning.encrypted_content'], in: plain, name: 'include: reasoning.encrypted_content' },
  { at: 'include', value: ['message.output_text.logprobs'], in: plain, name: 'include: message.output_text.logprobs' },
  {
    at: 'include',
    value: ['message.input_image.image_url'],
    in: plain,
    name: 'include: message.input_image.image_url',
  },
  { at: 'top_logprobs', value: 2, in: plain, name: 'top_logprobs, without include' },
  { at: 'presence_penalty', value: 0.5, in: plain },
  { at: 'frequency_penalty', value: 0.5, in: plain },
  { at: 'a_field_of_tomorrow', value: true, in: plain },
];

export const responses: Dialect = {
  title: 'OpenAI’s Responses',
  native: [],
  probes: [
    ...Object.entries(values).map(([at, value]) => ({ at, value, in: plain })),
    ...Object.values(dependent),
    ...inner,
  ],
  translate: (request) => responsesToChat(parseResponsesRequest(request)),
  fieldName: toResponsesField,
  unsent: {
    model: 'it chooses the upstream, which gets its own name of the model',
    stream: 'Coze and chat.z.ai always stream; Sluice collects the answer for a client that wants it whole',
    stream_options: 'Sluice writes the events of the client',
    conversation: 'Sluice keeps the items of conversations',
    previous_response_id: 'Sluice keeps the items of responses',
    store: 'Sluice keeps the response',
    metadata: 'Sluice keeps it with the response',
    truncation: 'Sluice leaves out messages itself',
    'input: message.id': 'it belongs to an answer that was given',
    'input: message.status': 'it belongs to an answer that was given',
    'input.content: output_text.annotations': 'they belong to an answer that was given',
    'input: function_call.caller': 'it tells who called, in an answer that was given',
    'reasoning.summary': 'reasoning that a provider shows is always part of the response',
    'reasoning.generate_summary': 'reasoning that a provider shows is always part of the response',
    'include: reasoning.encrypted_content': 'it is always part of the response',
    'include: message.input_image.image_url': 'it is always part of an item',
  },
};
