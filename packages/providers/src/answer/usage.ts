import { mostTokens, type Usage } from '@sluice/protocol';
import { amend, isObject, type JsonObject } from '../json-object.ts';

/** Token counts as a provider gives them. */
export interface TokenCounts {
  /** All of the prompt, what came from a cache included. */
  readonly prompt: number;
  /** All of the answer, thoughts included. */
  readonly completion: number;
  /** Default: both together. */
  readonly total?: number | undefined;
  readonly cached?: number | undefined;
  /** Written to a cache. */
  readonly cacheWrite?: number | undefined;
  readonly reasoning?: number | undefined;
}

/** OpenAI's usage object. */
export function toUsage({ prompt, completion, total, cached, cacheWrite, reasoning }: TokenCounts): Usage {
  const promptDetails = {
    ...(cached === undefined ? {} : { cached_tokens: cached }),
    ...(cacheWrite === undefined ? {} : { cache_write_tokens: cacheWrite }),
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
 * A provider's counts as far as they can be believed: whole numbers from 0 to 10^9, with a total that is not below its
 * parts. Digits in quotes and fractions are read; what is left out counts as nothing.
 * @returns undefined for what says nothing; the very same object where nothing had to be done
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
    // More than both together is thinking that some providers count in the total alone.
    total_tokens: Math.min(mostTokens, Math.max(total ?? 0, prompted + completed)),
    prompt_tokens_details: toDetails(value['prompt_tokens_details'], cachedOf(value)),
    completion_tokens_details: toDetails(value['completion_tokens_details']),
  }) as Usage;
}

/**
 * Usage as it is told several times in one answer. What was read is counted better each time, so that the latest count
 * stands; what was written grows, so that the largest does. A zero undoes neither.
 * @returns the very same later object where it says all
 */
export function mergeUsage(before: Usage | undefined, now: Usage): Usage {
  if (before === undefined) return now;
  const merged = merge(before, now);
  const prompt = now.prompt_tokens || before.prompt_tokens;
  const completion = Math.max(now.completion_tokens, before.completion_tokens);
  const total = Math.min(mostTokens, Math.max(now.total_tokens, prompt + completion));
  return amend(merged, { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total }) as Usage;
}

/** Returns whether a later count says all that an earlier one does. Cheap, as some providers count with every chunk. */
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
  const counts = Object.entries(value).map(([name, count]) => [name, isCounted(name) ? toCount(count) : count]);
  return amend(value, { ...otherwise, ...(Object.fromEntries(counts) as JsonObject) });
}

const isCounted = (name: string): boolean => name.endsWith('_tokens');

/** Reads the cached tokens of the prompt where DeepSeek and Moonshot have them. */
function cachedOf(usage: JsonObject): JsonObject {
  const cached = toCount(usage['prompt_cache_hit_tokens']) ?? toCount(usage['cached_tokens']);
  return cached === undefined ? {} : { cached_tokens: cached };
}
