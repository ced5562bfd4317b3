import { respell, type UpstreamRequest } from '@sluice/protocol';
import type { CallPlan, ChatBody, FieldPath } from '../adapter.ts';
import { openaiAdapter } from '../openai/index.ts';
import { signKey } from './credential.ts';
import { isAtLeast, type ModelSwitches, readModelName } from './model-switches.ts';

export interface ZaiOptions {
  /** The behaviour of models that can think, where neither request nor name says. */
  readonly thinking: 'enabled' | 'disabled' | 'provider';
  readonly signsKeys: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Names of the request's parameters that reach the API, its own ones included.
 * Reference: https://docs.z.ai/api-reference/llm/chat-completion
 */
export const parameters: ReadonlySet<string> = new Set([
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'stop',
  'tools',
  'tool_choice',
  'response_format',
  'reasoning_effort',
  'web_search_options',
  'do_sample',
  'request_id',
  'sensitive_word_check',
  'thinking',
  'tool_stream',
  'user_id',
  'watermark_enabled',
]);

/** Values that the API would ignore or refuse. */
export function findUnsupported(body: ChatBody): FieldPath[] {
  const { stop, temperature, response_format: format, tool_choice: choice, tools } = body;
  const hasTools = Array.isArray(tools) && tools.length > 0 && choice !== 'none';
  const isForced = choice !== undefined && choice !== null && choice !== 'auto' && choice !== 'none';
  return [
    ...(Array.isArray(stop) && stop.length > 1 ? [['stop']] : []),
    ...(typeof temperature === 'number' && temperature > 1 ? [['temperature']] : []),
    ...(fieldsOf(format)['type'] === 'json_schema' ? [['response_format']] : []),
    ...(isForced ? [['tool_choice']] : []),
    ...(hasTools && body['parallel_tool_calls'] === false ? [['parallel_tool_calls']] : []),
    ...(fieldsOf(body['web_search_options'])['user_location'] == null ? [] : [['web_search_options', 'user_location']]),
    ...(hasTools ? tools : []).flatMap((tool: unknown, at) =>
      fieldsOf(tool)['type'] === 'custom' ? [['tools', at]] : [],
    ),
  ];
}

/** OpenAI's request in the API's dialect: thinking and search have switches of their own. */
export function toUpstream(body: ChatBody, plan: CallPlan, options: ZaiOptions): UpstreamRequest {
  const switches = readModelName(plan.model);
  const key = keyOf(plan, options);
  return openaiAdapter.toUpstream(toWire(body, switches, options), {
    ...plan,
    apiKey: key,
    model: switches.model,
  });
}

/** The key as it is sent. */
export const keyOf = (
  { apiKey, startedAtMs }: Pick<CallPlan, 'apiKey' | 'startedAtMs'>,
  { signsKeys }: Pick<ZaiOptions, 'signsKeys'>,
): string | undefined => (apiKey !== undefined && signsKeys ? signKey(apiKey, startedAtMs) : apiKey);

function toWire(body: ChatBody, switches: ModelSwitches, options: ZaiOptions): ChatBody {
  const {
    messages,
    max_tokens: maxTokens,
    max_completion_tokens: maxCompletionTokens,
    stop,
    reasoning_effort: effort,
    tools: _tools,
    tool_choice: choice,
    parallel_tool_calls: _parallel,
    web_search_options: _search,
    user,
    ...rest
  } = body;
  const limit = maxCompletionTokens ?? maxTokens;
  const tools = toolsOf(body, switches);
  const thinking = thinkingOf(body, switches, options);
  const streamsTools = body['stream'] === true && tools.length > 0 && isAtLeast(switches.generation, 4, 6);
  return {
    ...(streamsTools ? { tool_stream: true } : {}),
    ...(isUserId(user) ? { user_id: user } : {}),
    ...withoutNulls(rest),
    messages: Array.isArray(messages) ? messages.map(withKnownRole) : messages,
    ...(limit == null ? {} : { max_tokens: limit }),
    ...(stop == null ? {} : { stop: Array.isArray(stop) ? stop : [stop] }),
    ...(tools.length === 0 ? {} : { tools, ...(choice === 'auto' ? { tool_choice: choice } : {}) }),
    ...(thinking === undefined ? {} : { thinking }),
    ...(effort != null && takesEffort(switches) ? { reasoning_effort: effort } : {}),
  };
}

/** Names and tags of OpenAI's that this API does not know. They ask for nothing. */
const labels: ReadonlySet<string> = new Set([
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'metadata',
]);

const withoutNulls = (fields: Fields): Fields =>
  respell(
    Object.fromEntries(Object.entries(fields).filter(([name, value]) => value !== null && !labels.has(name))),
    fields,
  );

/** `developer` is OpenAI's word for `system`. */
const withKnownRole = (message: unknown): unknown =>
  fieldsOf(message)['role'] === 'developer' ? { ...fieldsOf(message), role: 'system' } : message;

function toolsOf(body: ChatBody, { searches }: ModelSwitches): readonly unknown[] {
  const { tools, tool_choice: choice, web_search_options: search } = body;
  const given: readonly unknown[] = Array.isArray(tools) && choice !== 'none' ? tools : [];
  const isThere = given.some((tool) => fieldsOf(tool)['type'] === 'web_search');
  return (searches || search != null) && !isThere ? [...given, webSearch(fieldsOf(search))] : given;
}

/** The API's own search, which wants no answer of the client. */
const webSearch = ({ search_context_size: size }: Fields): object => ({
  type: 'web_search',
  web_search: {
    enable: true,
    search_engine: 'search-prime',
    search_result: true,
    ...(typeof size === 'string' ? { content_size: size === 'high' ? 'high' : 'medium' } : {}),
  },
});

/** The request's own words count most, then its effort, then the model's name, then the operator's wish. */
function thinkingOf(body: ChatBody, { thinks, generation }: ModelSwitches, { thinking }: ZaiOptions): unknown {
  const own = fieldsOf(body['thinking']);
  const effort = body['reasoning_effort'];
  if ('type' in own) return own;
  if (typeof effort === 'string') return { ...own, type: effort === 'none' ? 'disabled' : 'enabled' };
  if (thinks) return { ...own, type: 'enabled' };
  if (isAtLeast(generation, 4, 5) && thinking !== 'provider') return { ...own, type: thinking };
  return Object.keys(own).length === 0 ? undefined : own;
}

/** Only these know more of thinking than on and off. */
const takesEffort = ({ generation }: ModelSwitches): boolean =>
  isAtLeast(generation, 5, 2) && generation?.hasVision === false;

/** The API takes 6 to 128 characters. */
const isUserId = (user: unknown): user is string => typeof user === 'string' && user.length >= 6 && user.length <= 128;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
