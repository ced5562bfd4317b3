import type { MessageCreateParamsBase } from '@anthropic-ai/sdk/resources/messages';
import { type ChatBody, type UpstreamRequest, writeLossless } from '@sluice/protocol';
import type { CallPlan } from '../adapter.ts';
import type { ThinkingStyle } from './entry.ts';
import { toConversation } from './messages.ts';
import { isUsual } from './sampling.ts';
import { toStrictSchema } from './schema.ts';
import { toThinking } from './thinking.ts';
import { toTooling } from './tools.ts';

export interface AnthropicOptions {
  readonly version: string;
  readonly beta: readonly string[];
  readonly maxTokens: number;
  readonly thinkingStyle: ThinkingStyle;
}

/** Parameters with the same name at Anthropic; the SDK no longer has the first three, nor do the latest models. */
const passed = ['temperature', 'top_p', 'top_k', 'thinking', 'cache_control'] as const;

const serviceTiers: Readonly<Record<string, 'auto' | 'standard_only'>> = { auto: 'auto', default: 'standard_only' };

/** Builds Anthropic's request. Fields without an equivalent were refused before: see `unsupported.ts`. */
export function toUpstream(body: ChatBody, plan: CallPlan, options: AnthropicOptions): UpstreamRequest {
  return {
    method: 'POST',
    url: `${plan.baseUrl}/messages`,
    headers: {
      'content-type': 'application/json',
      accept: plan.stream ? 'text/event-stream' : 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'sluice',
      ...headersOf(plan, options),
    },
    body: writeLossless({ ...passedFields(body), ...toMessage(body, plan, options) }),
  };
}

/** Headers of the protocol. */
export const headersOf = (
  { apiKey }: Pick<CallPlan, 'apiKey'>,
  { version, beta }: Pick<AnthropicOptions, 'version' | 'beta'>,
): Readonly<Record<string, string>> => ({
  'anthropic-version': version,
  ...(beta.length === 0 ? {} : { 'anthropic-beta': beta.join(',') }),
  ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
});

type Message = { -readonly [Name in keyof MessageCreateParamsBase]: unknown };

function toMessage(request: ChatBody, plan: CallPlan, options: AnthropicOptions): Message {
  const { system, messages } = toConversation(request.messages ?? []);
  const { thinking, effort, maxTokens } = toThinking({
    effort: request['thinking'] == null ? request.reasoning_effort : undefined,
    model: plan.model,
    style: options.thinkingStyle,
    limit: request.max_completion_tokens ?? request.max_tokens ?? undefined,
    defaultLimit: options.maxTokens,
  });
  const { stop, response_format: format } = request;
  const user = request.safety_identifier ?? request.user;
  const tier = serviceTiers[request.service_tier ?? ''];
  const outputConfig = {
    ...(effort === undefined ? {} : { effort }),
    ...(format?.type === 'json_schema' ? { format: { type: format.type, schema: toSchema(format.json_schema) } } : {}),
  };
  return {
    model: plan.model,
    max_tokens: maxTokens,
    ...(system.length === 0 ? {} : { system }),
    messages,
    ...toTooling(request),
    ...(stop == null ? {} : { stop_sequences: typeof stop === 'string' ? [stop] : stop }),
    ...(thinking === undefined ? {} : { thinking }),
    ...(Object.keys(outputConfig).length === 0 ? {} : { output_config: outputConfig }),
    ...(user === undefined ? {} : { metadata: { user_id: user } }),
    ...(tier === undefined ? {} : { service_tier: tier }),
    stream: plan.stream,
  };
}

function passedFields(body: ChatBody): object {
  return Object.fromEntries(
    passed.flatMap((name) => (body[name] == null || isUsual(name, body[name]) ? [] : [[name, body[name]]])),
  );
}

interface JsonSchema {
  readonly schema?: object | undefined;
  readonly description?: string | undefined;
}

const toSchema = ({ schema, description }: JsonSchema): object =>
  toStrictSchema({ ...(description === undefined ? {} : { description }), ...schema });
