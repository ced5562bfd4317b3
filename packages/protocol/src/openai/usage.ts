import { z } from 'zod';

/**
 * More tokens than any answer has. A larger count from a provider is ignored, because client limits are charged with
 * it.
 */
export const mostTokens = 1_000_000_000;

const tokens = z.number().int().nonnegative().max(mostTokens);

/** Token counts of one answer, in OpenAI's shape; a provider's additional details are kept. */
export const usageSchema = z.looseObject({
  prompt_tokens: tokens,
  completion_tokens: tokens,
  total_tokens: tokens,
});
export type Usage = z.infer<typeof usageSchema>;
