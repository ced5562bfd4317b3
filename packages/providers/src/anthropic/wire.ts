import { z } from 'zod';

/**
 * The parts of Anthropic's answers that we read, and no others; a missing or misshapen one is left out rather than
 * refused, since members and kinds of blocks are added all the time.
 * Reference: https://docs.claude.com/en/api/messages
 */

const text = z.string().nullish().catch(undefined);
const count = z.number().int().nonnegative().nullish().catch(undefined);

/** In a stream each count is the latest, and missing where nothing has changed. */
export const wireUsageSchema = z.object({
  /** Without what was read from a cache or written to one. */
  input_tokens: count,
  cache_read_input_tokens: count,
  cache_creation_input_tokens: count,
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
  /** Of thoughts that nobody may read. */
  data: text,
  id: text,
  name: text,
  input: z.unknown().optional(),
});
export type WireBlock = z.output<typeof wireBlockSchema>;

/** An error, wherever it stands: whatever shape it has, what it says is read. */
const error = z.unknown().optional();

/** A whole answer, or an error in its place. */
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
  /** Place of the block in the answer. */
  index: z.number().nullish(),
  content_block: wireBlockSchema.nullish(),
  delta: z.object({ type: text, text, partial_json: text, thinking: text, signature: text, ...stop }).nullish(),
  usage: wireUsageSchema.nullish().catch(undefined),
});
