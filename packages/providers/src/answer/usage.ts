import { isObject, type JsonObject, mostTokens, type Usage } from '@sluice/protocol';
import { amend } from '../json-object.ts';

/** Token counts of a provider. */
export interface TokenCounts {
  /** Tokens of the whole prompt, cached ones included. */
  readonly prompt: number;
  /** Tokens of the whole answer, reasoning included. */
  readonly completion: number;
  /** Default: the sum of both. */
  readonly total?: number | undefined;
  readonly cached?: number | undefined;
  /** Tokens written to a cache. */
  readonly cacheWrite?: number | undefined;
  /** Part of `cacheWrite` that the cache keeps for an hour. */
  readonly cacheWriteHour?: number | undefined;
  readonly reasoning?: number | undefined;
}

/** Returns OpenAI's usage object. */
export function toUsage({
  prompt,
  completion,
  total,
  cached,
  cacheWrite,
  cacheWriteHour,
  reasoning,
}: TokenCounts): Usage {
  const promptDetails = {
    ...(cached === undefined ? {} : { cached_tokens: cached }),
    ...(cacheWrite === undefined ? {} : { cache_write_tokens: cacheWrite }),
    ...(cacheWriteHour === undefined ? {} : { cache_write_1h_tokens: cacheWriteHour }),
  };
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: total ?? prompt + completion,
    ...(Object.keys(promptDetails).length === 0 ? {} : { prompt_tokens_details: promptDetails }),
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}

/**
 * Returns a provider's plausible counts: whole numbers from 0 to 10^9, with a total not below its parts. Quoted digits
 * and fractions are accepted; a missing count is 0.
 * @returns undefined if there are no counts; the same object if nothing had to be changed
 */
export function believe(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined;
  const prompt = toCount(value['prompt_tokens']) ?? toCount(value['input_tokens']);
  const completion = toCount(value['completion_tokens']) ?? toCount(value['output_tokens']);
  const total = toCount(value['total_tokens']);
  if (prompt === undefined && completion === undefined && total === undefined) return undefined;
  const prompted = prompt ?? Math.max(0, (total ?? 0) - (completion ?? 0));
  const completed = completion ?? Math.max(0, (total ?? 0) - prompted);
  return amend(value, {
    prompt_tokens: prompted,
    completion_tokens: completed,
    // A larger total includes reasoning that some providers count only there.
    total_tokens: Math.min(mostTokens, Math.max(total ?? 0, prompted + completed)),
    prompt_tokens_details: toDetails(value['prompt_tokens_details'], cachedOf(value)),
    completion_tokens_details: toDetails(value['completion_tokens_details']),
  });
}

/**
 * Merges usage that is reported several times in one answer. For the prompt the latest count is the most accurate; for
 * the answer the largest one is, because it grows. A zero replaces neither.
 * @returns the later object itself if it contains everything
 */
export function mergeUsage(before: Usage | undefined, now: Usage): Usage {
  if (before === undefined) return now;
  const merged = merge(before, now);
  const prompt = now.prompt_tokens || before.prompt_tokens;
  const completion = Math.max(now.completion_tokens, before.completion_tokens);
  const total = Math.min(mostTokens, Math.max(now.total_tokens, prompt + completion));
  return amend(merged, { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total });
}

/**
 * Returns whether a later count contains everything that an earlier one does. Cheap, because some providers send usage
 * with every chunk.
 */
export const outgrows = (now: Usage, before: Usage): boolean =>
  now.prompt_tokens > 0 &&
  now.prompt_tokens <= mostTokens &&
  now.completion_tokens >= before.completion_tokens &&
  now.completion_tokens <= mostTokens &&
  now.total_tokens >= before.total_tokens &&
  now.total_tokens <= mostTokens &&
  saysAsMuch(now['prompt_tokens_details'], before['prompt_tokens_details']) &&
  saysAsMuch(now['completion_tokens_details'], before['completion_tokens_details']);

const saysAsMuch = (now: unknown, before: unknown): boolean => before === undefined || now !== undefined;

function merge(before: JsonObject, now: JsonObject): JsonObject {
  const merged = Object.entries(before).map(([name, value]): [string, unknown] => [name, later(value, now[name])]);
  return amend(now, Object.fromEntries(merged));
}

function later(before: unknown, now: unknown): unknown {
  if (typeof before === 'number' && typeof now === 'number') return now || before;
  if (isObject(before) && isObject(now)) return merge(before, now);
  return now ?? before;
}

function toCount(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  const isBelievable = typeof number === 'number' && number >= 0 && number <= mostTokens;
  return isBelievable ? Math.round(number) : undefined;
}

function toDetails(value: unknown, otherwise: JsonObject = {}): JsonObject | undefined {
  if (!isObject(value)) return Object.keys(otherwise).length === 0 ? undefined : otherwise;
  const counts = Object.entries(value).map(([name, count]): [string, unknown] => [
    name,
    isCounted(name) ? toCount(count) : count,
  ]);
  return amend(value, { ...otherwise, ...Object.fromEntries(counts) });
}

const isCounted = (name: string): boolean => name.endsWith('_tokens');

/** Reads the cached tokens from the members that DeepSeek and Moonshot use. */
function cachedOf(usage: JsonObject): JsonObject {
  const cached = toCount(usage['prompt_cache_hit_tokens']) ?? toCount(usage['cached_tokens']);
  return cached === undefined ? {} : { cached_tokens: cached };
}
