import {
  anyObject,
  decimal,
  explainIssue,
  flag,
  GatewayError,
  integer,
  isObject,
  list,
  object,
  oneOf,
  refuseOperatorFields,
  text,
} from '@sluice/protocol';
import { z } from 'zod';

const effort = object({ effort: text.nullish(), summary: text.nullish(), generate_summary: text.nullish() });

const format = object({
  type: text,
  name: text.optional(),
  schema: anyObject.optional(),
  description: text.nullish(),
  strict: flag.nullish(),
});

/**
 * Parameters of `POST /v1/responses`. Unknown ones are reported as dropped; items and tools are checked by their own code.
 * @see https://platform.openai.com/docs/api-reference/responses/create
 */
export const responsesRequestSchema = object({
  model: text.min(1).max(256),
  input: z.union([text, list(anyObject, 'objects')]).nullish(),
  instructions: text.nullish(),
  background: flag.nullish(),
  conversation: z.union([text, object({ id: text })]).nullish(),
  include: list(text, 'strings').nullish(),
  max_output_tokens: integer({ min: 1 }).nullish(),
  max_tool_calls: integer({ min: 1 }).nullish(),
  metadata: z.record(text.max(64), text.max(512), 'an object').nullish(),
  parallel_tool_calls: flag.nullish(),
  previous_response_id: text.nullish(),
  prompt_cache_key: text.nullish(),
  prompt_cache_retention: text.nullish(),
  reasoning: effort.nullish(),
  safety_identifier: text.max(64).nullish(),
  service_tier: text.nullish(),
  store: flag.nullish(),
  stream: flag.nullish(),
  stream_options: object({ include_obfuscation: flag.nullish() }).nullish(),
  temperature: decimal({ min: 0, max: 2 }).nullish(),
  text: object({ format: format.nullish(), verbosity: text.nullish() }).nullish(),
  tool_choice: z.union([oneOf('none', 'auto', 'required'), object({ type: text })]).nullish(),
  tools: list(anyObject, 'objects').nullish(),
  top_logprobs: integer({ min: 0, max: 20 }).nullish(),
  top_p: decimal({ min: 0, max: 1 }).nullish(),
  presence_penalty: decimal({ min: -2, max: 2 }).nullish(),
  frequency_penalty: decimal({ min: -2, max: 2 }).nullish(),
  truncation: oneOf('auto', 'disabled').nullish(),
  user: text.nullish(),
});

/** A request as a client may send it. */
export type ResponsesRequest = z.output<typeof responsesRequestSchema>;

/** Parameters that change what a request means, and that no translation can carry. */
const unsupported: Readonly<Record<string, string>> = {
  prompt: 'Prompts that are kept at OpenAI can not be used here. Send their text as instructions.',
  context_management: 'The gateway does not compact contexts by itself. Set `truncation` to `auto` instead.',
  moderation: 'Moderation within a response is not supported here.',
};

/**
 * Validates a parsed body.
 * @throws GatewayError 400 that names the field
 */
export function parseResponsesRequest(body: unknown): ResponsesRequest {
  if (!isObject(body)) {
    throw new GatewayError('invalid_request', { message: 'The request body must be a JSON object.' });
  }
  refuseOperatorFields(body);
  const [issue] = responsesRequestSchema.safeParse(body).error?.issues ?? [];
  if (issue !== undefined) throw explainIssue(issue, body);
  if (body['background'] === true) {
    throw new GatewayError('unsupported_parameter', {
      param: 'background',
      message: "Unsupported parameter: 'background'. Send the request without it, or with 'stream': true.",
    });
  }
  for (const [param, message] of Object.entries(unsupported)) {
    if (body[param] != null) throw new GatewayError('unsupported_parameter', { param, message });
  }
  return body as ResponsesRequest;
}
