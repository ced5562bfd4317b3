import type Anthropic from '@anthropic-ai/sdk';
import type { JsonObject } from '@sluice/protocol';
import { parseMessagesRequest, toChatRequest, toMessagesField } from '@sluice/surfaces';
import type { Dialect } from './dialect.ts';
import type { Probe } from './probe.ts';

const user = { role: 'user', content: 'hello' };
const plain: JsonObject = { model: 'm', max_tokens: 1000, messages: [user] };
const tool = {
  name: 'weather',
  description: 'tells the weather',
  input_schema: { type: 'object', properties: {}, required: [], additionalProperties: false },
};
const tooled: JsonObject = { ...plain, tools: [tool, { ...tool, name: 'time' }] };
const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };
const mark = { type: 'ephemeral' };
const text = { type: 'text', text: 'hello' };
const png = { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' };

/** A value of each parameter; the compiler compares the list with Anthropic's own. */
const values = {
  cache_control: mark,
  container: 'c',
  diagnostics: { previous_message_id: 'm' },
  inference_geo: 'eu',
  metadata: { user_id: 'u' },
  output_config: { effort: 'high' },
  service_tier: 'standard_only',
  speed: 'fast',
  stop_sequences: ['x'],
  stream: true,
  system: 'be brief',
  temperature: 0.5,
  thinking: { type: 'enabled', budget_tokens: 12_000 },
  tools: [tool],
  top_k: 5,
  top_p: 0.5,
  user_profile_id: 'u',
  workspace_id: 'w',
} satisfies Partial<Record<Parameter, unknown>>;
type Parameter = keyof Anthropic.MessageCreateParams;

const required = {
  model: { at: 'model', value: 'm', other: 'n', in: plain },
  max_tokens: { at: 'max_tokens', value: 100, other: 200, in: plain },
  messages: { at: 'messages[0].content', value: 'hello', other: 'bye', in: plain },
  tool_choice: { at: 'tool_choice', value: { type: 'any' }, in: tooled },
} satisfies Record<Exclude<Parameter, keyof typeof values>, Probe>;

const content = (...blocks: readonly object[]): JsonObject => ({
  ...plain,
  messages: [{ role: 'user', content: [text, ...blocks] }],
});
const use = { type: 'tool_use', id: 'call_1', name: 'weather', input: { a: 1 } };
const result = { type: 'tool_result', tool_use_id: 'call_1', content: 'rain' };
const answer = (blocks: readonly object[], results: readonly object[] = [result]): JsonObject => ({
  ...tooled,
  messages: [user, { role: 'assistant', content: blocks }, { role: 'user', content: results }],
});

const block = (type: string, value: object, name = type): Probe => ({
  at: 'messages[0].content[1]',
  value: { type, ...value },
  in: content({}),
  name: `messages.content: ${name}`,
});
const said = (type: string, value: object): Probe => ({
  at: 'messages[1].content[0]',
  value: { type, ...value },
  in: answer([{}, use]),
  name: `messages.content: ${type}`,
});
/** A member of a block that every kind of block of these types may have. */
const member = (
  name: string,
  value: unknown,
  given: object,
  title = `${String((given as JsonObject)['type'])}.${name}`,
): Probe => ({
  at: `messages[0].content[1].${name}`,
  value,
  in: content(given),
  name: `messages.content: ${title}`,
});
const image = { type: 'image', source: png };
const document = { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x' } };
const search = { type: 'search_result', source: 'https://example.com', title: 't', content: [text] };
const ofTool = (name: string, value: unknown): Probe => ({ at: `tools[0].${name}`, value, in: tooled });
const hosted = (type: string, name: string): Probe => ({
  at: 'tools[0]',
  value: { type, name },
  other: tool,
  in: tooled,
  name: `tools: ${type}`,
});
const inResult = (name: string, value: unknown, title = name): Probe => ({
  at: `messages[2].content[0].${name}`,
  value,
  in: answer([use]),
  name: `messages.content: tool_result.${title}`,
});

const inner: readonly Probe[] = [
  {
    at: 'messages[1]',
    value: { role: 'system', content: 'be brief' },
    other: user,
    in: { ...plain, messages: [user, user, user] },
    name: 'messages: system',
  },
  { at: 'system[0].text', value: 'be brief', other: 'be long', in: { ...plain, system: [text] }, name: 'system: text' },
  { at: 'system[0].cache_control', value: mark, in: { ...plain, system: [text] } },
  { at: 'system[0].citations', value: [{ type: 'char_location' }], in: { ...plain, system: [text] } },
  member('cache_control', mark, text),
  member('citations', [{ type: 'char_location' }], text),
  block('image', { source: png }, 'image, data'),
  block('image', { source: { type: 'url', url: 'https://example.com/a.png' } }, 'image, url'),
  block('image', { source: { type: 'file', file_id: 'f' } }, 'image, file'),
  member('cache_control', mark, image),
  member('a_member_of_tomorrow', true, image),
  block('document', { source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } }, 'document, PDF'),
  block('document', { source: { type: 'text', media_type: 'text/plain', data: 'x' } }, 'document, text'),
  block('document', { source: { type: 'content', content: [text] } }, 'document, blocks'),
  block('document', { source: { type: 'url', url: 'https://example.com/a.pdf' } }, 'document, url'),
  block('document', { source: { type: 'file', file_id: 'f' } }, 'document, file'),
  member('title', 't', document),
  member('context', 'c', document),
  member('citations', { enabled: true }, document),
  member('cache_control', mark, document),
  block('search_result', { source: 'https://example.com', title: 't', content: [text] }),
  member('citations', { enabled: true }, search),
  member('cache_control', mark, search),
  block('container_upload', { file_id: 'f' }),
  block('a_kind_of_tomorrow', { x: 1 }),
  {
    at: 'messages[1].content[0].input',
    value: { a: 1 },
    other: { a: 2 },
    in: answer([use]),
    name: 'messages.content: tool_use.input',
  },
  {
    at: 'messages[1].content[0].cache_control',
    value: mark,
    in: answer([use]),
    name: 'messages.content: tool_use.cache_control',
  },
  {
    at: 'messages[1].content[0].caller',
    value: { type: 'direct' },
    in: answer([use]),
    name: 'messages.content: tool_use.caller',
  },
  said('thinking', { thinking: 'hm', signature: 'sig' }),
  said('redacted_thinking', { data: 'x' }),
  said('server_tool_use', { id: 's', name: 'web_search', input: {} }),
  said('web_search_tool_result', { tool_use_id: 's', content: [] }),
  said('compaction', { content: 'so far' }),
  inResult('content', 'sun'),
  inResult('content', [text, image], 'content: image'),
  inResult('content', [text, search], 'content: search_result'),
  inResult('content', [{ type: 'tool_reference', tool_name: 'time' }], 'content: tool_reference'),
  inResult('is_error', true),
  inResult('cache_control', mark),
  inResult('a_member_of_tomorrow', true),
  ofTool('description', 'x'),
  { ...ofTool('input_schema', schema), other: tool.input_schema },
  ofTool('strict', true),
  ofTool('cache_control', mark),
  ofTool('defer_loading', true),
  ofTool('eager_input_streaming', true),
  ofTool('allowed_callers', ['direct']),
  ofTool('input_examples', [{}]),
  hosted('web_search_20250305', 'web_search'),
  hosted('code_execution_20250825', 'code_execution'),
  hosted('bash_20250124', 'bash'),
  { at: 'mcp_servers', value: [{ type: 'url', url: 'https://example.com', name: 's' }], in: plain },
  { at: 'tool_choice', value: { type: 'tool', name: 'weather' }, in: tooled, name: 'tool_choice: tool' },
  { at: 'tool_choice', value: { type: 'none' }, in: tooled, name: 'tool_choice: none' },
  { at: 'tool_choice.disable_parallel_tool_use', value: true, in: { ...tooled, tool_choice: { type: 'auto' } } },
  { at: 'thinking', value: { type: 'adaptive' }, in: plain, name: 'thinking: adaptive' },
  { at: 'thinking', value: { type: 'disabled' }, in: plain, name: 'thinking: disabled' },
  { at: 'thinking.display', value: 'omitted', in: { ...plain, thinking: values.thinking } },
  {
    at: 'thinking.display',
    value: 'summarized',
    in: { ...plain, thinking: values.thinking },
    name: 'thinking.display: summarized',
  },
  { at: 'output_config.format', value: { type: 'json_schema', schema }, in: plain },
  { at: 'output_config.task_budget', value: { type: 'tokens', total: 9 }, in: plain },
  { at: 'output_format', value: { type: 'json_schema', schema }, in: plain },
  { at: 'service_tier', value: 'auto', in: plain, name: 'service_tier: auto' },
  { at: 'metadata.user_id', value: 'u'.repeat(100), in: plain, name: 'metadata.user_id: longer than 64' },
  { at: 'metadata.a_member_of_tomorrow', value: 'x', in: plain },
  { at: 'context_management', value: { edits: [] }, in: plain },
  { at: 'fallbacks', value: [{ model: 'n' }], in: plain },
  { at: 'a_field_of_tomorrow', value: true, in: plain },
];

export const messages: Dialect = {
  title: 'Anthropic’s Messages',
  native: ['anthropic'],
  probes: [
    ...Object.entries(values).map(([at, value]) => ({ at, value, in: at === 'tools' ? plain : plain })),
    ...Object.values(required),
    ...inner,
  ],
  translate: (request, isNative) => toChatRequest(parseMessagesRequest(request), { isNative }),
  fieldName: toMessagesField,
  unsent: {
    model: 'it chooses the upstream, which gets its own name of the model',
    stream: 'Coze and chat.z.ai always stream; Sluice collects the answer for a client that wants it whole',
    service_tier: '`standard_only` is the default of providers that have one tier',
    'service_tier: auto': 'it is the default',
    'thinking.display: summarized': 'it is the default',
    'tool_choice: none': 'the provider gets no tools',
    'messages.content: tool_use.caller': 'it tells who called, in an answer that was given',
    'messages.content: thinking': 'reasoning goes back only to providers that expect it',
    'messages.content: redacted_thinking': 'reasoning goes back only to the provider that encrypted it',
  },
};
