import { usageSchema } from '@sluice/protocol';
import { z } from 'zod';

/**
 * What we read of OpenAI's answers, and nothing else; lenient, because many servers speak this protocol with an accent.
 * Reference: https://platform.openai.com/docs/api-reference/chat
 */

/** The `error` member of an error body, or of an event inside a 200 stream. */
export const wireErrorSchema = z.union([
  z.string().transform((message) => ({ message, code: undefined, type: undefined, param: undefined })),
  z.object({
    message: z.string().nullish(),
    code: z.union([z.string(), z.number()]).nullish(),
    type: z.string().nullish(),
    param: z.string().nullish(),
  }),
]);

const choiceSchema = z.object({ index: z.number().nullish(), finish_reason: z.string().nullish() });

const answerShape = {
  error: wireErrorSchema.nullish(),
  model: z.string().nullish().catch(undefined),
  usage: usageSchema.nullish().catch(undefined),
};

/** A chunk of a stream. */
export const chunkSchema = z.object({ ...answerShape, choices: z.array(choiceSchema).nullish() });

/** A whole answer. */
export const completionSchema = z.object({
  ...answerShape,
  choices: z.array(choiceSchema.extend({ message: z.looseObject({}).nullish() })).nullish(),
});

/** An error body: OpenAI's envelope, or what stands in for it elsewhere. */
export const errorBodySchema = z.object({
  error: wireErrorSchema.nullish(),
  message: z.string().nullish().catch(undefined),
  detail: z.string().nullish().catch(undefined),
  code: z.union([z.string(), z.number()]).nullish().catch(undefined),
});
