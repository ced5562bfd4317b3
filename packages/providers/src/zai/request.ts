import { type ChatBody, type JsonObject, membersOf, respell, type UpstreamRequest } from '@sluice/protocol';
import type { CallPlan, FieldPath } from '../adapter.ts';
import { plainStyle } from '../openai-protocol/options.ts';
import { writeRequest } from '../openai-protocol/request.ts';
import { signKey } from './credential.ts';
import { isAtLeast, type ModelSwitches, readModelName } from './model-switches.ts';

export interface ZaiOptions {
  /** Behaviour of reasoning models if neither request nor name selects one. */
  readonly thinking: 'enabled' | 'disabled' | 'provider';
  readonly signsKeys: boolean;
}

/**
 * Request parameters that reach the API, its own ones included. Reference:
 * https://docs.z.ai/api-reference/llm/chat-completion
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

/** Returns the fields whose values the API would ignore or refuse. */
export function findUnsupported(body: ChatBody): FieldPath[] {
  const { stop, temperature, response_format: format, tool_choice: choice, tools } = body;
  const hasTools = Array.isArray(tools) && tools.length > 0 && choice !== 'none';
  const isForced = choice !== undefined && choice !== null && choice !== 'auto' && choice !== 'none';
  return [
    ...(Array.isArray(stop) && stop.length > 1 ? [['stop']] : []),
    ...(typeof temperature === 'number' && temperature > 1 ? [['temperature']] : []),
    ...(membersOf(format)['type'] === 'json_schema' ? [['response_format']] : []),
    ...(isForced ? [['tool_choice']] : []),
    ...(hasTools && body['parallel_tool_calls'] === false ? [['parallel_tool_calls']] : []),
    ...(membersOf(body['web_search_options'])['user_location'] == null
      ? []
      : [['web_search_options', 'user_location']]),
    ...(hasTools ? tools : []).flatMap((tool: unknown, at) =>
      membersOf(tool)['type'] === 'custom' ? [['tools', at]] : [],
    ),
  ];
}

/** Builds OpenAI's request in the API's dialect: reasoning and search have separate switches. */
export function toUpstream(body: ChatBody, plan: CallPlan, options: ZaiOptions): UpstreamRequest {
  const switches = readModelName(plan.model);
  const key = keyOf(plan, options);
  return writeRequest(toWire(body, switches, options), {
    plan: { ...plan, apiKey: key, model: switches.model },
    style: plainStyle,
  });
}

/** Returns the key in the form in which it is sent. */
export const keyOf = (
  { apiKey, startedAtMs }: Pick<CallPlan, 'apiKey' | 'startedAtMs'>,
  { signsKeys }: Pick<ZaiOptions, 'signsKeys'>,
): string | undefined => (apiKey !== undefined && signsKeys ? signKey(apiKey, startedAtMs) : apiKey);

function toWire(body: ChatBody, switches: ModelSwitches, options: ZaiOptions): JsonObject {
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

/** Names and tags of OpenAI's that this API does not support and that do not affect the answer. */
const labels: ReadonlySet<string> = new Set([
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'metadata',
]);

const withoutNulls = (fields: JsonObject): JsonObject =>
  respell(
    Object.fromEntries(Object.entries(fields).filter(([name, value]) => value !== null && !labels.has(name))),
    fields,
  );

/** Replaces `developer`, OpenAI's name for `system`. */
const withKnownRole = (message: unknown): unknown =>
  membersOf(message)['role'] === 'developer' ? { ...membersOf(message), role: 'system' } : message;

function toolsOf(body: ChatBody, { searches }: ModelSwitches): readonly unknown[] {
  const { tools, tool_choice: choice, web_search_options: search } = body;
  const given: readonly unknown[] = Array.isArray(tools) && choice !== 'none' ? tools : [];
  const isThere = given.some((tool) => membersOf(tool)['type'] === 'web_search');
  return (searches || search != null) && !isThere ? [...given, webSearch(membersOf(search))] : given;
}

/** Returns the API's own search tool, which needs no result from the client. */
const webSearch = ({ search_context_size: size }: JsonObject): object => ({
  type: 'web_search',
  web_search: {
    enable: true,
    search_engine: 'search-prime',
    search_result: true,
    ...(typeof size === 'string' ? { content_size: size === 'high' ? 'high' : 'medium' } : {}),
  },
});

/**
 * Returns the reasoning setting: from the request's own field, its effort, the model's name, or the operator's option,
 * in this order.
 */
function thinkingOf(body: ChatBody, { thinks, generation }: ModelSwitches, { thinking }: ZaiOptions): unknown {
  const own = membersOf(body['thinking']);
  const effort = body['reasoning_effort'];
  if ('type' in own) return own;
  if (typeof effort === 'string') return { ...own, type: effort === 'none' ? 'disabled' : 'enabled' };
  if (thinks) return { ...own, type: 'enabled' };
  if (isAtLeast(generation, 4, 5) && thinking !== 'provider') return { ...own, type: thinking };
  return Object.keys(own).length === 0 ? undefined : own;
}

/** Returns whether the model supports effort levels; the others only turn reasoning on or off. */
const takesEffort = ({ generation }: ModelSwitches): boolean =>
  isAtLeast(generation, 5, 2) && generation?.hasVision === false;

/** Returns whether the API accepts a user id: 6 to 128 characters. */
const isUserId = (user: unknown): user is string => typeof user === 'string' && user.length >= 6 && user.length <= 128;
