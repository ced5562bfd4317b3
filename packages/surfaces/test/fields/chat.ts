import { type JsonObject, parseChatRequest } from '@sluice/protocol';
import type { OpenAI } from 'openai';
import type { Dialect } from './dialect.ts';
import type { Probe } from './probe.ts';

type Params = OpenAI.ChatCompletionCreateParams;

const user = { role: 'user', content: 'hello' };
const plain: JsonObject = { model: 'm', messages: [user] };
const fn = {
  name: 'weather',
  description: 'tells the weather',
  parameters: { type: 'object', properties: {}, required: [], additionalProperties: false },
};
const other = { type: 'function', function: { ...fn, name: 'time' } };
const tooled: JsonObject = { ...plain, tools: [{ type: 'function', function: fn }, other] };
const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };
const data = 'data:image/png;base64,iVBORw0KGgo=';

/** A value of each parameter; the compiler compares the list with OpenAI's own. */
const values = {
  frequency_penalty: 0.5,
  functions: [fn],
  logit_bias: { 42: -1 },
  logprobs: true,
  max_completion_tokens: 100,
  max_tokens: 100,
  metadata: { team: 'a' },
  moderation: { model: 'omni-moderation-latest' },
  n: 2,
  prediction: { type: 'content', content: 'x' },
  presence_penalty: 0.5,
  prompt_cache_key: 'k',
  prompt_cache_options: { ttl: '1h' },
  prompt_cache_retention: '24h',
  reasoning_effort: 'high',
  response_format: { type: 'json_schema', json_schema: { name: 'a', schema, strict: true } },
  safety_identifier: 's',
  seed: 7,
  service_tier: 'flex',
  stop: ['x'],
  store: true,
  stream: true,
  temperature: 0.5,
  top_p: 0.5,
  user: 'u',
  verbosity: 'low',
  web_search_options: {},
} satisfies Partial<Record<keyof Params, unknown>>;

/** Parameters that need others, with those. */
const dependent = {
  audio: {
    at: 'audio',
    value: { voice: 'alloy', format: 'wav' },
    in: { ...plain, modalities: ['text', 'audio'] },
    other: { voice: 'echo', format: 'wav' },
  },
  function_call: { at: 'function_call', value: { name: 'weather' }, in: { ...plain, functions: [fn] } },
  modalities: {
    at: 'modalities',
    value: ['text', 'audio'],
    in: { ...plain, audio: { voice: 'alloy', format: 'wav' } },
  },
  model: { at: 'model', value: 'm', other: 'n', in: plain },
  messages: { at: 'messages[0].content', value: 'hello', other: 'bye', in: plain },
  parallel_tool_calls: { at: 'parallel_tool_calls', value: false, in: tooled },
  stream_options: { at: 'stream_options', value: { include_usage: true }, in: { ...plain, stream: true } },
  tool_choice: { at: 'tool_choice', value: 'required', in: tooled },
  tools: { at: 'tools', value: [{ type: 'function', function: fn }], in: plain },
  top_logprobs: { at: 'top_logprobs', value: 2, in: { ...plain, logprobs: true } },
} satisfies Record<Exclude<keyof Params, keyof typeof values>, Probe>;

const said = (...messages: readonly object[]): JsonObject => ({ ...plain, messages: [user, ...messages, user] });
const content = (part: object): JsonObject => ({
  ...plain,
  messages: [{ role: 'user', content: [{ type: 'text', text: 'hello' }, part] }],
});
const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{}' } };
const result = { role: 'tool', tool_call_id: 'call_1', content: 'rain' };
const answered = said({ role: 'assistant', content: 'well', tool_calls: [call] }, result);

function part(type: string, value: object, name = type): Probe {
  return {
    at: 'messages[0].content[1]',
    value: { type, ...value },
    in: content({}),
    name: `messages.content: ${name}`,
  };
}

const inner: readonly Probe[] = [
  {
    at: 'messages[1]',
    value: { role: 'developer', content: 'be brief' },
    in: said(user),
    other: user,
    name: 'messages: developer',
  },
  {
    at: 'messages[1]',
    value: { role: 'system', content: 'be brief' },
    in: said(user),
    other: user,
    name: 'messages: system',
  },
  { at: 'messages[0].name', value: 'Ann', in: plain },
  {
    at: 'messages[1].refusal',
    value: 'no',
    in: said({ role: 'assistant', content: 'well' }),
    name: 'messages.refusal',
  },
  { at: 'messages[1].audio', value: { id: 'a' }, in: said({ role: 'assistant', content: 'well' }) },
  {
    at: 'messages[1].function_call',
    value: { name: 'weather', arguments: '{}' },
    in: said({ role: 'assistant', content: 'well' }),
  },
  { at: 'messages[1].reasoning_content', value: 'hm', in: answered },
  {
    at: 'messages[1].tool_calls',
    value: [call],
    in: answered,
    other: [{ ...call, function: { name: 'weather', arguments: '{"a":1}' } }],
  },
  {
    at: 'messages[1].tool_calls[0]',
    value: { id: 'call_1', type: 'custom', custom: { name: 'weather', input: 'x' } },
    other: call,
    in: answered,
    name: 'messages.tool_calls: custom',
  },
  { at: 'messages[2].content', value: 'rain', other: 'sun', in: answered, name: 'messages: tool' },
  {
    at: 'messages[1]',
    value: { role: 'function', name: 'weather', content: 'rain' },
    other: user,
    in: said(user),
    name: 'messages: function',
  },
  part('image_url', { image_url: { url: data } }, 'image_url, data'),
  part('image_url', { image_url: { url: 'https://example.com/a.png' } }, 'image_url, https'),
  {
    at: 'messages[0].content[1].image_url.detail',
    value: 'low',
    in: content({ type: 'image_url', image_url: { url: data } }),
  },
  part('input_audio', { input_audio: { data: 'AAAA', format: 'wav' } }),
  part('file', { file: { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' } }, 'file, data'),
  part('file', { file: { file_id: 'f' } }, 'file, id'),
  {
    at: 'messages[0].content[0].prompt_cache_breakpoint',
    value: { mode: 'explicit' },
    in: content({ type: 'text', text: 'x' }),
  },
  {
    at: 'messages[0].content[0].cache_control',
    value: { type: 'ephemeral' },
    in: content({ type: 'text', text: 'x' }),
  },
  { at: 'tools[0].function.description', value: 'x', in: tooled },
  { at: 'tools[0].function.parameters', value: schema, in: tooled },
  { at: 'tools[0].function.strict', value: true, in: tooled },
  {
    at: 'tools[0]',
    value: { type: 'custom', custom: { name: 'weather' } },
    other: { type: 'function', function: fn },
    in: tooled,
    name: 'tools: custom',
  },
  {
    at: 'tool_choice',
    value: { type: 'function', function: { name: 'weather' } },
    in: tooled,
    name: 'tool_choice: function',
  },
  {
    at: 'tool_choice',
    value: {
      type: 'allowed_tools',
      allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'weather' } }] },
    },
    in: tooled,
    name: 'tool_choice: allowed_tools',
  },
  { at: 'response_format', value: { type: 'json_object' }, in: plain, name: 'response_format: json_object' },
  {
    at: 'response_format.json_schema.description',
    value: 'x',
    in: { ...plain, response_format: values.response_format },
  },
  { at: 'top_k', value: 5, in: plain },
  { at: 'a_field_of_tomorrow', value: true, in: plain },
];

export const chat: Dialect = {
  title: 'OpenAI’s Chat Completions',
  native: [],
  probes: [
    ...Object.entries(values).map(([at, value]) => ({ at, value, in: plain })),
    ...Object.values(dependent),
    ...inner,
  ],
  translate: (request) => ({ chat: parseChatRequest(request), dropped: [] }),
  fieldName: (field) => field,
  unsent: {
    model: 'it chooses the upstream, which gets its own name of the model',
    stream: 'Coze and chat.z.ai always stream; Sluice collects the answer for a client that wants it whole',
    stream_options: 'Sluice writes the events of the client',
    'messages.reasoning_content': 'reasoning goes back only to providers that expect it',
  },
};
