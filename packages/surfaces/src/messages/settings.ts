import { GatewayError, type JsonObject } from '@sluice/protocol';
import type { Translation } from './parts.ts';
import { onlyAnthropic } from './refusals.ts';
import type { CountTokensRequest, MessagesRequest } from './request-schema.ts';

/** Maximum number of stop sequences of a chat request. */
const mostStops = 4;
/** Maximum number of characters of the name of an end user at OpenAI. */
const longestUser = 64;

const topMembers: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'system',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'output_format',
  'max_tokens',
  'metadata',
  'service_tier',
  'stop_sequences',
  'stream',
  'temperature',
  'top_k',
  'top_p',
  'mcp_servers',
]);

/**
 * Translates everything but prompt and tools.
 * @throws GatewayError 400 for what only Anthropic can serve
 */
export function toSettings(request: MessagesRequest, translation: Translation): JsonObject {
  const { dropped, isNative } = translation;
  const { mcp_servers: servers }: JsonObject = request;
  if (Array.isArray(servers) && servers.length > 0) {
    if (!isNative) throw onlyAnthropic('mcp_servers', 'a tool server that Anthropic calls');
    dropped.add('mcp_servers');
  }
  dropped.rest(request, topMembers, '');
  const { max_tokens: limit, stream, temperature, top_k: topK, top_p: topP, service_tier: tier } = request;
  return {
    max_completion_tokens: limit,
    ...(stream === true ? { stream, stream_options: { include_usage: true } } : {}),
    ...(temperature == null ? {} : { temperature }),
    ...(topP == null ? {} : { top_p: topP }),
    ...(topK == null ? {} : { top_k: topK }),
    ...(tier === 'standard_only' ? { service_tier: 'default' } : {}),
    ...toStop(request, isNative),
    ...toUser(request, translation),
    ...toEffort(request, translation),
    ...toFormat(request),
  };
}

function toStop({ stop_sequences: stops }: MessagesRequest, isNative: boolean): JsonObject {
  if (stops == null || stops.length === 0) return {};
  if (!isNative && stops.length > mostStops) {
    throw new GatewayError('array_above_max_length', {
      param: 'stop_sequences',
      message: `Invalid 'stop_sequences': array too long. Expected an array with maximum length ${mostStops}, but got an array with length ${stops.length} instead.`,
    });
  }
  return { stop: stops };
}

/** Claude Code sends an id that is longer than OpenAI allows. */
function toUser({ metadata }: MessagesRequest, { dropped }: Translation): JsonObject {
  const user = metadata?.user_id;
  if (metadata != null) dropped.rest(metadata, metadataMembers, 'metadata.');
  if (user == null || user === '') return {};
  if (user.length <= longestUser) return { user };
  dropped.add('metadata.user_id');
  return {};
}

const metadataMembers: ReadonlySet<string> = new Set(['user_id']);

/** Translates the amount of reasoning. `output_config.effort` takes precedence over a number of tokens. */
function toEffort(
  { thinking, output_config: output }: Pick<CountTokensRequest, 'thinking' | 'output_config'>,
  { dropped }: Pick<Translation, 'dropped'>,
): JsonObject {
  if (output != null) dropped.rest(output, outputMembers, 'output_config.');
  if (thinking?.type === 'disabled') {
    // Some models can't do without, and others refuse the wish.
    dropped.add('thinking');
    return {};
  }
  if (thinking != null && 'display' in thinking && thinking.display === 'omitted') dropped.add('thinking.display');
  const effort = output?.effort;
  // The amounts of chat requests end with the one below.
  if (effort != null) return { reasoning_effort: effort === 'max' ? 'xhigh' : effort };
  if (thinking?.type === 'adaptive') return { reasoning_effort: 'medium' };
  if (thinking?.type !== 'enabled') return {};
  const { budget_tokens: budget } = thinking;
  return { reasoning_effort: budget < 10_000 ? 'low' : budget < 20_000 ? 'medium' : 'high' };
}

const outputMembers: ReadonlySet<string> = new Set(['effort', 'format']);

function toFormat({ output_config: output, output_format: older }: MessagesRequest): JsonObject {
  const format = output?.format ?? older;
  if (format?.type !== 'json_schema') return {};
  return {
    response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: format.schema, strict: true } },
  };
}
