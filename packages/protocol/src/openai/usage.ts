import { z } from 'zod';

/** More tokens than any answer has. A provider that says more is not believed: limits would be charged with it. */
export const mostTokens = 1_000_000_000;

const tokens = z.number().int().nonnegative().max(mostTokens);

/** Token counts of one answer, in OpenAI's shape; details of a provider stay as they came. */
export const usageSchema = z.looseObject({
  prompt_tokens: tokens,
  completion_tokens: tokens,
  total_tokens: tokens,
});
export type Usage = z.infer<typeof usageSchema>;
