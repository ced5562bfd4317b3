import { z } from 'zod';

const tokens = z.number().int().nonnegative();

/** Token counts of one answer, in OpenAI's shape; details of a provider stay as they came. */
export const usageSchema = z.looseObject({
  prompt_tokens: tokens,
  completion_tokens: tokens,
  total_tokens: tokens,
});
export type Usage = z.infer<typeof usageSchema>;
