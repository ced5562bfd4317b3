import { isObject, type JsonObject, type Usage } from '@sluice/protocol';
import type { ResponsesRequest } from './request-schema.ts';

/** Names of one response. */
export interface ResponseIdentity {
  /** `resp_…` */
  readonly id: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
}

export type ResponseStatus = 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled';

/** The part of a response that changes while it is generated. */
export interface ResponseProgress {
  readonly status: ResponseStatus;
  readonly output: readonly JsonObject[];
  readonly usage?: Usage | undefined;
  readonly model?: string | undefined;
  /** Seconds since 1970. */
  readonly completedAt?: number | undefined;
  readonly incompleteReason?: 'max_output_tokens' | 'content_filter' | undefined;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
}

/**
 * Writes a response as it stands. Every member of the document is present: strict clients refuse a response that lacks one,
 * or whose optional members are null.
 * @see https://www.openresponses.org/specification
 */
export function toResponse(
  { id, createdAt }: ResponseIdentity,
  request: ResponsesRequest,
  progress: ResponseProgress,
): JsonObject {
  const { status, output, usage, error, incompleteReason } = progress;
  const { conversation } = request;
  return {
    id,
    object: 'response',
    created_at: createdAt,
    completed_at: progress.completedAt ?? null,
    status,
    background: request.background === true,
    error: error ?? null,
    incomplete_details: incompleteReason === undefined ? null : { reason: incompleteReason },
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    model: progress.model ?? request.model,
    output,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    ...(conversation == null ? {} : { conversation: { id: isObject(conversation) ? conversation.id : conversation } }),
    prompt_cache_key: request.prompt_cache_key ?? null,
    prompt_cache_retention: request.prompt_cache_retention ?? null,
    reasoning: { effort: request.reasoning?.effort ?? null, summary: request.reasoning?.summary ?? null },
    safety_identifier: request.safety_identifier ?? null,
    service_tier: request.service_tier ?? 'default',
    store: request.store ?? true,
    temperature: request.temperature ?? 1,
    text: textOf(request),
    tool_choice: request.tool_choice ?? 'auto',
    tools: (request.tools ?? []).map(toTool),
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? 1,
    presence_penalty: request.presence_penalty ?? 0,
    frequency_penalty: request.frequency_penalty ?? 0,
    truncation: request.truncation ?? 'disabled',
    usage: usage === undefined ? null : toUsage(usage),
    user: request.user ?? null,
    metadata: request.metadata ?? {},
  };
}

function textOf({ text }: ResponsesRequest): JsonObject {
  const { verbosity } = text ?? {};
  return { format: text?.format ?? { type: 'text' }, ...(verbosity == null ? {} : { verbosity }) };
}

/** The members of a function that a response repeats, null where the request has none. */
const toTool = (tool: JsonObject): JsonObject =>
  tool['type'] === 'function'
    ? {
        ...tool,
        description: tool['description'] ?? null,
        parameters: tool['parameters'] ?? null,
        strict: tool['strict'] ?? null,
      }
    : tool;

function toUsage(usage: Usage): JsonObject {
  const { prompt_tokens: input, completion_tokens: output, total_tokens: total } = usage;
  const { cached_tokens: cached, cache_write_tokens: written } = detailsOf(usage['prompt_tokens_details']);
  const { reasoning_tokens: reasoning } = detailsOf(usage['completion_tokens_details']);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: countOf(cached), cache_write_tokens: countOf(written) },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: countOf(reasoning) },
    total_tokens: total,
  };
}

const detailsOf = (value: unknown): JsonObject => (isObject(value) ? value : {});

const countOf = (value: unknown): number => (typeof value === 'number' ? value : 0);
