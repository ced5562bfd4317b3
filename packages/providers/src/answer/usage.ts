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

type Details = Usage[string];

/**
 * The counts of a stream so far: the latest, but a zero or a count that is left out does not undo what was told. Some
 * providers count in each event, so this makes no new object where it needs none.
 */
export function laterUsage(before: Usage | undefined, now: Usage): Usage {
  if (before === undefined) return now;
  const prompt = now.prompt_tokens || before.prompt_tokens;
  const completion = now.completion_tokens || before.completion_tokens;
  const promptDetails = laterDetails(before['prompt_tokens_details'], now['prompt_tokens_details']);
  const completionDetails = laterDetails(before['completion_tokens_details'], now['completion_tokens_details']);
  const isNews =
    prompt === now.prompt_tokens &&
    completion === now.completion_tokens &&
    promptDetails === now['prompt_tokens_details'] &&
    completionDetails === now['completion_tokens_details'];
  if (isNews) return now;
  return {
    ...now,
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: Math.max(now.total_tokens, prompt + completion),
    ...(promptDetails === undefined ? {} : { prompt_tokens_details: promptDetails }),
    ...(completionDetails === undefined ? {} : { completion_tokens_details: completionDetails }),
  };
}

function laterDetails(before: Details, now: Details): Details {
  if (!isObject(before)) return now;
  if (!isObject(now)) return before;
  const isNews = Object.keys(before).every((name) => before[name] === now[name] || now[name]);
  if (isNews) return now;
  return { ...before, ...Object.fromEntries(Object.entries(now).filter(([name, count]) => count || !before[name])) };
}

/** More tokens than any model reads or writes in one answer: a provider that counts so many counts something else. */
const mostTokens = 1_000_000_000;

const isCount = (count: unknown): boolean =>
  Number.isInteger(count) && Number(count) >= 0 && Number(count) <= mostTokens;

/** Counts that can be true: a key's limits and its bill go by them. */
export function isPlausible(usage: Usage): boolean {
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = usage;
  if (!isCount(prompt) || !isCount(completion) || !isCount(total)) return false;
  return areCounts(usage['prompt_tokens_details']) && areCounts(usage['completion_tokens_details']);
}

const areCounts = (details: Details): boolean =>
  !isObject(details) || Object.values(details).every((count) => typeof count !== 'number' || isCount(count));
