import { type ChatRequest, GatewayError, type JsonObject } from '@sluice/protocol';
import { checkChat, type FieldNames, toOwnField } from '../check-chat.ts';
import { createDropped, type Dropped } from '../messages/dropped.ts';
import { toMessages } from './items.ts';
import { type ResponsesRequest, responsesRequestSchema } from './request-schema.ts';
import { type BridgedTool, toTooling } from './tools.ts';

/** A request as a chat request, and what the answer to it needs. */
export interface TranslatedRequest {
  readonly chat: ChatRequest;
  /** The client's tools by the names of their functions. */
  readonly bridged: ReadonlyMap<string, BridgedTool>;
  /** Parameters that no upstream gets. */
  readonly dropped: readonly string[];
}

const names: FieldNames = [
  [/^messages\b.*$/, 'input'],
  [/^(tools\[\d+\])\.function\.(.*)$/, '$1.$2'],
  [/^response_format\.json_schema(.*)$/, 'text.format$1'],
  [/^response_format.*$/, 'text.format'],
  [/^max_completion_tokens$/, 'max_output_tokens'],
  [/^reasoning_effort$/, 'reasoning.effort'],
  [/^verbosity$/, 'text.verbosity'],
];

/** Returns the name of the Responses API for a field of a chat request. */
export const toResponsesField = (field: string): string => toOwnField(field, names);

/** @throws GatewayError 400 that names the field */
export function toChat(request: ResponsesRequest): TranslatedRequest {
  const dropped = createDropped();
  const { tools, choice, bridged } = toTooling(request, dropped);
  const isStream = request.stream === true;
  const chat = {
    model: request.model,
    messages: toMessages(request, { bridged, dropped }),
    ...(tools.length === 0 ? {} : { tools }),
    ...(choice === undefined || (tools.length === 0 && choice !== 'none') ? {} : { tool_choice: choice }),
    ...(request.parallel_tool_calls == null || tools.length === 0
      ? {}
      : { parallel_tool_calls: request.parallel_tool_calls }),
    ...carried(request),
    ...(request.max_output_tokens == null ? {} : { max_completion_tokens: request.max_output_tokens }),
    ...(request.reasoning?.effort == null ? {} : { reasoning_effort: request.reasoning.effort }),
    ...(request.text?.verbosity == null ? {} : { verbosity: request.text.verbosity }),
    ...formatOf(request),
    ...logprobsOf(request),
    ...(isStream ? { stream: true, stream_options: { include_usage: true } } : {}),
  };
  addDropped(request, dropped);
  return { chat: checkChat(chat, names), bridged, dropped: dropped.names() };
}

/** Parameters with the same name and meaning in a chat request. */
const same = [
  'temperature',
  'top_p',
  'presence_penalty',
  'frequency_penalty',
  'service_tier',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'user',
] as const;

const carried = (request: ResponsesRequest): JsonObject =>
  Object.fromEntries(same.flatMap((name) => (request[name] == null ? [] : [[name, request[name]]])));

function formatOf({ text }: ResponsesRequest): JsonObject {
  const { type, name, schema, description, strict } = text?.format ?? {};
  switch (type) {
    case undefined:
    case 'text':
      return {};
    case 'json_object':
      return { response_format: { type } };
    case 'json_schema':
      if (name === undefined || schema === undefined) {
        const param = `text.format.${name === undefined ? 'name' : 'schema'}`;
        throw new GatewayError('missing_required_parameter', {
          param,
          message: `Missing required parameter: '${param}'.`,
        });
      }
      return {
        response_format: {
          type,
          json_schema: {
            name,
            schema,
            ...(description == null ? {} : { description }),
            ...(strict == null ? {} : { strict }),
          },
        },
      };
    default:
      throw new GatewayError('invalid_value', {
        param: 'text.format.type',
        message: "Invalid value for 'text.format.type': supported are 'text', 'json_object' and 'json_schema'.",
      });
  }
}

const wantsLogprobs = 'message.output_text.logprobs';

function logprobsOf({ include, top_logprobs: count }: ResponsesRequest): JsonObject {
  if (include?.includes(wantsLogprobs) !== true) return {};
  return { logprobs: true, ...(count == null ? {} : { top_logprobs: count }) };
}

/** Values of `include` that need nothing, or that the translation serves. */
const served: ReadonlySet<string> = new Set([
  'reasoning.encrypted_content',
  wantsLogprobs,
  'message.input_image.image_url',
]);

const known: ReadonlySet<string> = new Set(Object.keys(responsesRequestSchema.shape));
/** Reasoning that a provider shows is always part of the answer. */
const reasoningMembers: ReadonlySet<string> = new Set(['effort', 'summary', 'generate_summary']);
const textMembers: ReadonlySet<string> = new Set(['format', 'verbosity']);
const formatMembers: ReadonlySet<string> = new Set(['type', 'name', 'schema', 'description', 'strict']);
const streamMembers: ReadonlySet<string> = new Set(['include_obfuscation']);

function addDropped(request: ResponsesRequest, dropped: Dropped): void {
  const {
    include,
    max_tool_calls: mostCalls,
    reasoning,
    text,
    stream_options: streaming,
    top_logprobs: count,
  } = request;
  dropped.rest(request, known, '');
  dropped.rest(reasoning ?? {}, reasoningMembers, 'reasoning.');
  dropped.rest(text ?? {}, textMembers, 'text.');
  dropped.rest(text?.format ?? {}, formatMembers, 'text.format.');
  dropped.rest(streaming ?? {}, streamMembers, 'stream_options.');
  for (const value of include ?? []) if (!served.has(value)) dropped.add(`include.${value}`);
  // Calls of tools that run at a provider are refused, so none can be counted.
  if (mostCalls != null) dropped.add('max_tool_calls');
  if (count != null && count > 0 && include?.includes(wantsLogprobs) !== true) dropped.add('top_logprobs');
}
