import { z } from 'zod';

/**
 * The members of Ollama's own answers that the adapter reads; lenient. Reference:
 * https://github.com/ollama/ollama/blob/main/docs/api.md
 */

const count = z.number().int().nonnegative().nullish().catch(undefined);
const text = z.string().nullish().catch(undefined);

const toolCallSchema = z.object({
  id: text,
  function: z.object({
    name: z.string(),
    /** An object, in contrast to OpenAI. */
    arguments: z.unknown().optional(),
  }),
});
export type WireToolCall = z.output<typeof toolCallSchema>;

/** A line of a stream, or a whole answer. */
export const chatResponseSchema = z.object({
  /** Usually a text. */
  error: z.unknown().optional(),
  model: text,
  /** Date, as in `2024-05-24T20:26:46.294874Z`. */
  created_at: text,
  message: z.object({ content: text, thinking: text, tool_calls: z.array(toolCallSchema).nullish() }).nullish(),
  /** Only on the last line. */
  done: z.boolean().nullish(),
  done_reason: text,
  prompt_eval_count: count,
  eval_count: count,
});
export type ChatResponse = z.output<typeof chatResponseSchema>;
