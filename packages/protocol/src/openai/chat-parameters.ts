import { z } from 'zod';
import { chatLimits } from './chat-limits.ts';
import { chatMessageSchema } from './chat-message.ts';
import { functionChoiceSchema, functionSchema, toolChoiceSchema, toolSchema } from './chat-tool.ts';
import { textPartSchema } from './content-part.ts';
import {
  anyObject,
  decimal,
  flag,
  integer,
  list,
  maxPropertyNameLength,
  name,
  object,
  oneOf,
  openUnion,
  text,
} from './field-types.ts';

/** Maximum length of a model name, in characters; longer ones are not looked up. */
const maxModelLength = 256;

const penalty = decimal({ min: -2, max: 2 });
const tokenLimit = integer({ min: 1 });

const audio = object({ voice: z.union([text, object({ id: text })]), format: text });

const moderationMode = object({ mode: text }).nullish();
const moderation = object({
  model: text,
  policy: object({ input: moderationMode, output: moderationMode }).nullish(),
});

const prediction = object({
  type: oneOf('content'),
  content: z.union([text, list(textPartSchema, 'objects').min(1)]),
});

const responseFormat = openUnion([
  object({ type: z.literal('text') }),
  object({ type: z.literal('json_object') }),
  object({
    type: z.literal('json_schema'),
    json_schema: object({
      name,
      description: text.optional(),
      schema: anyObject.optional(),
      strict: flag.nullish(),
    }),
  }),
]);

const place = object({
  city: text.optional(),
  country: text.optional(),
  region: text.optional(),
  timezone: text.optional(),
});
const webSearch = object({
  search_context_size: text.optional(),
  user_location: object({ type: oneOf('approximate'), approximate: place }).nullish(),
});

/**
 * All parameters of `POST /v1/chat/completions`; a test compares the list with OpenAI's own. Null is allowed where
 * OpenAI allows it. Enumerations of amounts and flavours (`reasoning_effort`, `service_tier`, voices, formats,
 * lifetimes…) accept any text, because providers add values; values that change what a request means do not.
 * @see https://platform.openai.com/docs/api-reference/chat/create
 */
export const chatRequestSchema = object({
  model: text.min(1).max(maxModelLength),
  messages: list(chatMessageSchema, 'objects').min(1).meta({ maxItems: chatLimits.messages }),
  audio: audio.nullish(),
  frequency_penalty: penalty.nullish(),
  /** Deprecated for `tool_choice`. */
  function_call: functionChoiceSchema.optional(),
  /** Deprecated for `tools`. */
  functions: list(functionSchema, 'objects').min(1).meta({ maxItems: chatLimits.functions }).optional(),
  logit_bias: z
    .record(text, decimal({ min: -100, max: 100 }), 'an object')
    .meta({ maxProperties: chatLimits.logitBias })
    .nullish(),
  logprobs: flag.nullish(),
  max_completion_tokens: tokenLimit.nullish(),
  /** Deprecated for `max_completion_tokens`; most other providers support this one only. */
  max_tokens: tokenLimit.nullish(),
  metadata: z
    .record(text.max(maxPropertyNameLength), text.max(512), 'an object')
    .meta({ maxProperties: chatLimits.metadata })
    .nullish(),
  modalities: list(text, 'strings').meta({ maxItems: chatLimits.modalities }).nullish(),
  moderation: moderation.nullish(),
  n: integer({ min: 1, max: 128 }).nullish(),
  parallel_tool_calls: flag.optional(),
  prediction: prediction.nullish(),
  presence_penalty: penalty.nullish(),
  prompt_cache_key: text.nullish(),
  prompt_cache_options: object({ mode: text.optional(), ttl: text.optional() }).optional(),
  /** Deprecated for `prompt_cache_options.ttl`. */
  prompt_cache_retention: text.nullish(),
  reasoning_effort: text.nullish(),
  response_format: responseFormat.optional(),
  safety_identifier: text.max(64).nullish(),
  /** Deprecated. Its range exceeds the integers that JavaScript holds exactly, so a value may be rounded. */
  seed: integer({ min: -(2 ** 63), max: 2 ** 63 }).nullish(),
  service_tier: text.nullish(),
  stop: z.union([text, list(text, 'strings').min(1).meta({ maxItems: chatLimits.stop })]).nullish(),
  store: flag.nullish(),
  stream: flag.nullish(),
  stream_options: object({ include_usage: flag.optional(), include_obfuscation: flag.optional() }).nullish(),
  temperature: decimal({ min: 0, max: 2 }).nullish(),
  tool_choice: toolChoiceSchema.optional(),
  tools: list(toolSchema, 'objects').meta({ maxItems: chatLimits.tools }).optional(),
  top_logprobs: integer({ min: 0, max: 20 }).nullish(),
  top_p: decimal({ min: 0, max: 1 }).nullish(),
  /** Deprecated for `safety_identifier` and `prompt_cache_key`. */
  user: text.optional(),
  verbosity: text.nullish(),
  web_search_options: webSearch.optional(),
});

/** Chat request as the gateway reads it. Unknown fields are present in the value but not in the type. */
export type ChatRequest = z.output<typeof chatRequestSchema>;

/** Chat request as a client may send it. */
export type ChatRequestInput = z.input<typeof chatRequestSchema>;

/** Name of a top-level parameter. */
export type ChatParameter = keyof ChatRequest;

/** Names of all top-level parameters. */
export const chatParameters = Object.freeze(Object.keys(chatRequestSchema.shape) as ChatParameter[]);
