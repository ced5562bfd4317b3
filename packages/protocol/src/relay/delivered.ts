import { z } from 'zod';

/** The part that a client has of an answer that broke off; a later run goes on from there. */
export const deliveredSchema = z.object({
  /** Of the first chunk; the chunks to come carry them on, so that to an SDK it stays one answer. */
  id: z.string().optional(),
  created: z.number().optional(),
  content: z.string(),
  /** The model's reasoning. */
  reasoning: z.string(),
  /** Chunks with text in them; about as many tokens. */
  chunks: z.number().int().nonnegative(),
  /** Calls that wrote on where the answer had met its limit; absent for none. */
  continuations: z.number().int().positive().optional(),
});
export type Delivered = z.infer<typeof deliveredSchema>;
