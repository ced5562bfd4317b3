import { type ChatBody, isObject, type JsonObject, type UpstreamRequest, writeLossless } from '@sluice/protocol';
import type { CallPlan, FieldPath } from '../adapter.ts';
import { parseClientObject } from '../client-json.ts';
import { callsOf, toMessages } from './messages.ts';

/** Settings of an Ollama server. */
export interface OllamaOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly num_ctx?: number | undefined;
  readonly keep_alive?: string | undefined;
}

/** Parameters with a counterpart under `options`. */
const sampling: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  top_p: 'top_p',
  top_k: 'top_k',
  min_p: 'min_p',
  seed: 'seed',
  frequency_penalty: 'frequency_penalty',
  presence_penalty: 'presence_penalty',
  repeat_penalty: 'repeat_penalty',
  max_tokens: 'num_predict',
  max_completion_tokens: 'num_predict',
};

export const parameters: ReadonlySet<string> = new Set([
  ...Object.keys(sampling),
  'stop',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'think',
]);

/** Builds Ollama's own chat request. Its tools have OpenAI's shape. */
export function toUpstream(body: ChatBody, plan: CallPlan, options: OllamaOptions): UpstreamRequest {
  const { keep_alive: keepAlive } = options;
  const tools = body['tool_choice'] === 'none' ? [] : body['tools'];
  const sampled = samplingOf(body, options.num_ctx);
  return {
    method: 'POST',
    url: `${rootOf(plan)}/api/chat`,
    headers: {
      'user-agent': 'sluice',
      'content-type': 'application/json',
      accept: plan.stream ? 'application/x-ndjson' : 'application/json',
      'accept-encoding': 'identity',
      ...headersOf(plan, options),
    },
    body: writeLossless({
      model: plan.model,
      messages: toMessages(Array.isArray(body['messages']) ? body['messages'] : []),
      // Ollama streams by default.
      stream: plan.stream,
      ...(Array.isArray(tools) && tools.length > 0 ? { tools } : {}),
      think: thinkOf(body),
      format: formatOf(body['response_format']),
      ...(Object.keys(sampled).length === 0 ? {} : { options: sampled }),
      ...(keepAlive === undefined ? {} : { keep_alive: toDuration(keepAlive) }),
    }),
  };
}

/** Removes `/api` from the address; operators may write it with or without. */
export const rootOf = ({ baseUrl }: Pick<CallPlan, 'baseUrl'>): string => baseUrl.replace(/\/api$/, '');

/** Returns the operator's headers and the key. */
export const headersOf = (
  { apiKey }: Pick<CallPlan, 'apiKey'>,
  { headers }: Pick<OllamaOptions, 'headers'>,
): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
});

function samplingOf(body: ChatBody, contextTokens: number | undefined): JsonObject {
  const { stop } = body;
  const given = Object.entries(sampling).flatMap(([name, own]): [string, unknown][] =>
    body[name] == null ? [] : [[own, body[name]]],
  );
  return {
    ...(contextTokens === undefined ? {} : { num_ctx: contextTokens }),
    ...Object.fromEntries(given),
    ...(stop == null ? {} : { stop: Array.isArray(stop) ? stop : [stop] }),
  };
}

/** Returns Ollama's `think`: three efforts, on or off. Undefined leaves the choice to the model. */
function thinkOf({ think, reasoning_effort: effort }: ChatBody): unknown {
  if (think !== undefined && think !== null) return think;
  switch (effort) {
    case 'none':
      return false;
    case 'minimal':
      return 'low';
    case 'xhigh':
    case 'max':
      return 'high';
    default:
      return effort ?? undefined;
  }
}

function formatOf(format: unknown): unknown {
  if (!isObject(format)) return undefined;
  if (format['type'] === 'json_object') return 'json';
  const { json_schema: named } = format;
  return format['type'] === 'json_schema' && isObject(named) ? (named['schema'] ?? 'json') : undefined;
}

/** Converts a duration. A number without a unit means seconds and must be a JSON number. */
const toDuration = (text: string): string | number => (/^-?\d+$/.test(text) ? Number(text) : text);

/**
 * Returns unsupported fields. Ollama can't require a tool call, forbid parallel calls, or handle participants' names
 * and arguments that are not an object.
 */
export function findUnsupported(body: ChatBody): readonly FieldPath[] {
  const { tools, tool_choice: choice, parallel_tool_calls: isParallel, messages } = body;
  const hasTools = Array.isArray(tools) && tools.length > 0 && choice !== 'none';
  const isForced = choice === 'required' || isObject(choice);
  return [
    ...(isForced ? [['tool_choice']] : []),
    ...(hasTools && isParallel === false ? [['parallel_tool_calls']] : []),
    ...(hasTools ? tools.flatMap((tool, at) => (isFunction(tool) ? [] : [['tools', at]])) : []),
    ...(Array.isArray(messages) ? messages.flatMap((message, at) => unsupportedIn(message, at)) : []),
  ];
}

const isFunction = (tool: unknown): boolean => isObject(tool) && tool['type'] === 'function';

function unsupportedIn(message: unknown, at: number): FieldPath[] {
  if (!isObject(message)) return [];
  const { role, name, audio, content, tool_calls: calls, function_call: only } = message;
  const isOdd = callsOf(message).some(({ argumentsText }) => parseClientObject(argumentsText) === undefined);
  const listed: readonly unknown[] = Array.isArray(calls) ? calls : [];
  const parts: readonly unknown[] = Array.isArray(content) ? content : [];
  return [
    ...(role !== 'function' && typeof name === 'string' ? [['messages', at, 'name']] : []),
    ...(audio == null ? [] : [['messages', at, 'audio']]),
    ...(isOdd ? [['messages', at, only == null ? 'tool_calls' : 'function_call']] : []),
    ...listed.flatMap((call, callAt) => (isFunction(call) ? [] : [['messages', at, 'tool_calls', callAt]])),
    ...parts.flatMap((part, partAt) => (isKnownPart(part) ? [] : [['messages', at, 'content', partAt]])),
  ];
}

/** Kinds of parts that are not reported here; the code shared by all providers reports unsupported media. */
const knownParts: ReadonlySet<unknown> = new Set(['text', 'refusal', 'image_url', 'input_audio', 'file']);
const isKnownPart = (part: unknown): boolean => isObject(part) && knownParts.has(part['type']);
