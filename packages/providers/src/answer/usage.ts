import type { Usage } from '@sluice/protocol';
import { isObject } from '../json-object.ts';

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

/** More tokens than any model reads or writes in one answer: a provider that counts so many counts something else. */
const mostTokens = 1_000_000_000;

/** The counts of a stream so far: the latest, but a zero or a count that is left out does not undo what was told. */
export function laterUsage(before: Usage | undefined, now: Usage): Usage {
  if (before === undefined) return now;
  const counts = { ...now, ...later(before, now) };
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = counts;
  return { ...counts, total_tokens: Math.max(total, prompt + completion) };
}

function later(before: object, now: object): object {
  const counts = Object.entries(before).map(([name, value]: [string, unknown]) => {
    const latest: unknown = Reflect.get(now, name);
    if (isObject(value) && isObject(latest)) return [name, { ...latest, ...later(value, latest) }];
    return [name, latest || value];
  });
  return Object.fromEntries(counts) as object;
}

/** Counts that can be true: a key's limits and its bill go by them. */
export const isPlausible = ({ prompt_tokens: prompt, completion_tokens: completion, total_tokens: total }: Usage) =>
  [prompt, completion, total].every((count) => Number.isInteger(count) && count >= 0 && count <= mostTokens);
