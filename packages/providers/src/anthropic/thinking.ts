import type { OutputConfig, ThinkingConfigParam } from '@anthropic-ai/sdk/resources/messages';
import type { ThinkingStyle } from './entry.ts';

type Effort = NonNullable<OutputConfig['effort']>;

interface Level {
  readonly effort: Effort;
  /** Tokens for reasoning if the client sets no limit for the answer. */
  readonly budget: number;
  /** Fraction of the client's limit that reasoning may use: OpenAI's limit includes it. */
  readonly share: number;
}

/** Levels by OpenAI's `reasoning_effort`; the last is Anthropic's own. `none` is handled separately. */
const levels: Readonly<Record<string, Level>> = {
  minimal: { effort: 'low', budget: 1024, share: 0.1 },
  low: { effort: 'low', budget: 2048, share: 0.2 },
  medium: { effort: 'medium', budget: 8192, share: 0.5 },
  high: { effort: 'high', budget: 16_384, share: 0.8 },
  xhigh: { effort: 'xhigh', budget: 24_576, share: 0.9 },
  max: { effort: 'max', budget: 27_000, share: 0.95 },
};

/** The minimum that Anthropic accepts, in tokens. */
const smallestBudget = 1024;

/** Models without `effort`. Listed by age: every newer model supports it. */
const budgetModels = /claude-(?:[23](?!\d)|instant|(?:opus|sonnet|haiku)-4(?:$|[-.@](?:[0-5](?!\d)|\d{8})))/i;

export const isKnownEffort = (effort: string): boolean => effort === 'none' || Object.hasOwn(levels, effort);

export interface ThinkingRequest {
  readonly effort: string | null | undefined;
  readonly model: string;
  readonly style: ThinkingStyle;
  /** The client's limit for the whole answer, in tokens. */
  readonly limit: number | undefined;
  /** Limit if the client sets none, in tokens. */
  readonly defaultLimit: number;
}

export interface Thinking {
  readonly thinking?: ThinkingConfigParam;
  readonly effort?: Effort;
  /** `max_tokens`, which includes reasoning. */
  readonly maxTokens: number;
}

export function toThinking({ effort, model, style, limit, defaultLimit }: ThinkingRequest): Thinking {
  const takesBudget = style === 'auto' ? budgetModels.test(model) : style === 'budget';
  const level = typeof effort === 'string' && Object.hasOwn(levels, effort) ? levels[effort] : undefined;
  if (level === undefined) {
    // Later models may reason without a request for it.
    const thinking = effort === 'none' && !takesBudget ? { thinking: { type: 'disabled' } as const } : {};
    return { ...thinking, maxTokens: limit ?? defaultLimit };
  }
  const maxTokens = limit ?? defaultLimit + level.budget;
  // Later models send their reasoning only on request.
  if (!takesBudget) return { thinking: { type: 'adaptive', display: 'summarized' }, effort: level.effort, maxTokens };
  const wanted = limit === undefined ? level.budget : Math.min(level.budget, Math.floor(limit * level.share));
  const budget = Math.max(smallestBudget, wanted);
  // The limit leaves no room for reasoning, and Anthropic refuses a budget that reaches it.
  if (budget >= maxTokens) return { maxTokens };
  return { thinking: { type: 'enabled', budget_tokens: budget }, maxTokens };
}
