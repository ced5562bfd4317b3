import type { Usage } from '@sluice/protocol';

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
