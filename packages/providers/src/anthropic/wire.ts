import { z } from 'zod';

/**
 * The members of Anthropic's answers that the adapter reads. A missing or malformed member is dropped rather than
 * refused, because Anthropic often adds members and kinds of blocks. Reference: https://docs.claude.com/en/api/messages
 */

const text = z.string().nullish().catch(undefined);
const count = z.number().int().nonnegative().nullish().catch(undefined);

/** Token counts. In a stream each count is the latest, and absent if unchanged. */
export const wireUsageSchema = z.object({
  /** Excludes tokens read from or written to a cache. */
  input_tokens: count,
  cache_read_input_tokens: count,
  cache_creation_input_tokens: count,
  /** Parts of `cache_creation_input_tokens`. */
  cache_creation: z.object({ ephemeral_1h_input_tokens: count }).nullish().catch(undefined),
  output_tokens: count,
  output_tokens_details: z.object({ thinking_tokens: count }).nullish().catch(undefined),
});
export type WireUsage = z.output<typeof wireUsageSchema>;

const stop = {
  stop_reason: text,
  stop_details: z.object({ explanation: text }).nullish().catch(undefined),
};

/** A block of content, of any kind. */
export const wireBlockSchema = z.object({
  type: z.string(),
  text,
  thinking: text,
  signature: text,
  /** Encrypted reasoning. */
  data: text,
  id: text,
  name: text,
  input: z.unknown().optional(),
});
export type WireBlock = z.output<typeof wireBlockSchema>;

/** An error of any shape, wherever it stands. */
const error = z.unknown().optional();

/** A whole answer, or an error instead of one. */
export const wireMessageSchema = z.object({
  error,
  id: text,
  model: text,
  content: z.array(wireBlockSchema).nullish(),
  ...stop,
  usage: wireUsageSchema.nullish().catch(undefined),
});

/** An event of a stream, of any kind. */
export const wireEventSchema = z.object({
  type: z.string(),
  error,
  message: z.object({ id: text, model: text, usage: wireUsageSchema.nullish().catch(undefined) }).nullish(),
  /** Index of the block in the answer. */
  index: z.number().nullish(),
  content_block: wireBlockSchema.nullish(),
  delta: z.object({ type: text, text, partial_json: text, thinking: text, signature: text, ...stop }).nullish(),
  usage: wireUsageSchema.nullish().catch(undefined),
});
