import { z } from 'zod';

/**
 * The parts of Ollama's own answers that we read; lenient.
 * Reference: https://github.com/ollama/ollama/blob/main/docs/api.md
 */

const count = z.number().int().nonnegative().nullish().catch(undefined);
const text = z.string().nullish().catch(undefined);

const toolCallSchema = z.object({
  id: text,
  function: z.object({
    name: z.string(),
    /** An object, unlike at OpenAI. */
    arguments: z.unknown().optional(),
  }),
});
export type WireToolCall = z.output<typeof toolCallSchema>;

/** A line of a stream, and a whole answer too. */
export const chatResponseSchema = z.object({
  /** Mostly a text. */
  error: z.unknown().optional(),
  model: text,
  /** As in `2024-05-24T20:26:46.294874Z`. */
  created_at: text,
  message: z.object({ content: text, thinking: text, tool_calls: z.array(toolCallSchema).nullish() }).nullish(),
  /** On the last line. */
  done: z.boolean().nullish(),
  done_reason: text,
  prompt_eval_count: count,
  eval_count: count,
});
export type ChatResponse = z.output<typeof chatResponseSchema>;
