import { type Usage, mostTokens } from '@sluice/protocol';
import { z } from 'zod';

const count = z.number().int().nonnegative().max(mostTokens);

/**
 * Tokens of one upstream call in disjoint classes: `fresh + cacheRead + cacheWrite` is the prompt, and
 * `output + reasoning` is the answer.
 */
export const tokenCountsSchema = z.object({
  /** Tokens of the prompt that the provider neither read from its cache nor wrote into it. */
  fresh: count,
  cacheRead: count,
  cacheWrite: count,
  /** Tokens of the answer without its reasoning. */
  output: count,
  reasoning: count,
});
export type TokenCounts = z.infer<typeof tokenCountsSchema>;

export const noTokens: TokenCounts = { fresh: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };

/**
 * Splits a usage in OpenAI's shape into disjoint classes. Its details are bounded by the sums they are part of: a provider
 * that reports more cached tokens than the prompt has must not make a negative count.
 */
export function splitUsage(usage: Usage): TokenCounts {
  const prompt = detailsOf(usage['prompt_tokens_details']);
  const answer = detailsOf(usage['completion_tokens_details']);
  const cacheRead = Math.min(prompt('cached_tokens'), usage.prompt_tokens);
  const cacheWrite = Math.min(prompt('cache_write_tokens'), usage.prompt_tokens - cacheRead);
  const reasoning = Math.min(answer('reasoning_tokens'), usage.completion_tokens);
  return {
    fresh: usage.prompt_tokens - cacheRead - cacheWrite,
    cacheRead,
    cacheWrite,
    output: usage.completion_tokens - reasoning,
    reasoning,
  };
}

export const addTokens = (one: TokenCounts, other: TokenCounts): TokenCounts => ({
  fresh: one.fresh + other.fresh,
  cacheRead: one.cacheRead + other.cacheRead,
  cacheWrite: one.cacheWrite + other.cacheWrite,
  output: one.output + other.output,
  reasoning: one.reasoning + other.reasoning,
});

/** Returns a reader of the counts in the details of a usage, which nothing has validated. */
function detailsOf(details: unknown): (name: string) => number {
  return (name) => {
    const value: unknown = typeof details === 'object' && details !== null ? Reflect.get(details, name) : undefined;
    return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
  };
}
