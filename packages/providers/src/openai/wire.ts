import { z } from 'zod';

/**
 * What we read of OpenAI's errors; lenient, because many servers speak this protocol with an accent. Answers are read by
 * what normalises them: nothing of theirs may get lost on the way through a schema.
 * Reference: https://platform.openai.com/docs/api-reference/chat
 */

/** The `error` member of an error body, or of an event inside a 200 stream. */
export const wireErrorSchema = z.union([
  z.string().transform((message) => ({ message, code: undefined, type: undefined, param: undefined })),
  z.object({
    message: z.string().nullish().catch(undefined),
    code: z.union([z.string(), z.number()]).nullish().catch(undefined),
    type: z.string().nullish().catch(undefined),
    param: z.string().nullish().catch(undefined),
  }),
]);

/** An error body: OpenAI's envelope, or what stands in for it elsewhere. */
export const errorBodySchema = z.object({
  error: wireErrorSchema.nullish(),
  message: z.string().nullish().catch(undefined),
  detail: z.string().nullish().catch(undefined),
  code: z.union([z.string(), z.number()]).nullish().catch(undefined),
});
