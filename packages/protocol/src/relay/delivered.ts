import { z } from 'zod';

/** The part of a broken-off answer that the client already has; a later run resumes from it. */
export const deliveredSchema = z.object({
  /** Id of the first chunk. Later chunks repeat `id` and `created`, so that SDKs see one answer. */
  id: z.string().optional(),
  created: z.number().optional(),
  content: z.string(),
  /** The model's reasoning. */
  reasoning: z.string(),
  /** Number of chunks with text; approximates the number of tokens. */
  chunks: z.number().int().nonnegative(),
  /** Number of extension attempts (made because the answer hit its token limit); absent for none. */
  continuations: z.number().int().positive().optional(),
});
export type Delivered = z.infer<typeof deliveredSchema>;
