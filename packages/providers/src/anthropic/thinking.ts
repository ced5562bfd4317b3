import type { OutputConfig, ThinkingConfigParam } from '@anthropic-ai/sdk/resources/messages';
import type { ThinkingStyle } from './entry.ts';

type Effort = NonNullable<OutputConfig['effort']>;

interface Level {
  readonly effort: Effort;
  /** Tokens for thoughts where the client sets no limit for the answer. */
  readonly budget: number;
  /** Part of the client's limit that may be spent on thoughts: OpenAI's limit counts them too. */
  readonly share: number;
}

/** By OpenAI's `reasoning_effort`; the last is Anthropic's own. `none` is not among them. */
const levels: Readonly<Record<string, Level>> = {
  minimal: { effort: 'low', budget: 1024, share: 0.1 },
  low: { effort: 'low', budget: 2048, share: 0.2 },
  medium: { effort: 'medium', budget: 8192, share: 0.5 },
  high: { effort: 'high', budget: 16_384, share: 0.8 },
  xhigh: { effort: 'xhigh', budget: 24_576, share: 0.9 },
  max: { effort: 'max', budget: 27_000, share: 0.95 },
};

/** Anthropic takes no smaller one. */
const smallestBudget = 1024;

/** Models that know no effort: by the time of their release, as all that come will know it. */
const budgetModels = /claude-(?:[23](?!\d)|instant|(?:opus|sonnet|haiku)-4(?:$|[-.@](?:[0-5](?!\d)|\d{8})))/i;

export const isKnownEffort = (effort: string): boolean => effort === 'none' || Object.hasOwn(levels, effort);

export interface ThinkingRequest {
  readonly effort: string | null | undefined;
  readonly model: string;
  readonly style: ThinkingStyle;
  /** The client's, for the whole answer. */
  readonly limit: number | undefined;
  /** The limit that applies where the client sets none. */
  readonly defaultLimit: number;
}

export interface Thinking {
  readonly thinking?: ThinkingConfigParam;
  readonly effort?: Effort;
  /** `max_tokens`, which counts thoughts too. */
  readonly maxTokens: number;
}

export function toThinking({ effort, model, style, limit, defaultLimit }: ThinkingRequest): Thinking {
  const takesBudget = style === 'auto' ? budgetModels.test(model) : style === 'budget';
  const level = typeof effort === 'string' && Object.hasOwn(levels, effort) ? levels[effort] : undefined;
  if (level === undefined) {
    // Later models may think without being told to.
    const thinking = effort === 'none' && !takesBudget ? { thinking: { type: 'disabled' } as const } : {};
    return { ...thinking, maxTokens: limit ?? defaultLimit };
  }
  const maxTokens = limit ?? defaultLimit + level.budget;
  // Later models keep their thoughts to themselves unless they are asked for them.
  if (!takesBudget) return { thinking: { type: 'adaptive', display: 'summarized' }, effort: level.effort, maxTokens };
  const wanted = limit === undefined ? level.budget : Math.min(level.budget, Math.floor(limit * level.share));
  const budget = Math.max(smallestBudget, wanted);
  // An answer as short as that has no room for thoughts, and would be refused with them.
  if (budget >= maxTokens) return { maxTokens };
  return { thinking: { type: 'enabled', budget_tokens: budget }, maxTokens };
}
