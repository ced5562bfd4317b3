/** Form in which a model's amount of reasoning is set: a level from Gemini 3 on, a number of tokens before. */
export type ThinkingControl = 'level' | 'budget';

/** Settings for reasoning in an upstream's configuration. */
export interface ThinkingOptions {
  /** Default: derived from the model's name. */
  readonly thinking_control?: ThinkingControl | undefined;
  readonly include_thoughts: boolean;
}

export interface ThinkingConfig {
  readonly includeThoughts?: boolean;
  readonly thinkingBudget?: number;
  readonly thinkingLevel?: ThinkingLevel;
}

type ThinkingLevel = 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH';
type Effort = keyof typeof levels;

const levels = {
  none: 'MINIMAL',
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
  xhigh: 'HIGH',
} as const;
/** Tokens, equal to those of Google's own OpenAI-compatible endpoint: https://ai.google.dev/gemini-api/docs/openai */
const budgets = { none: 0, minimal: 1024, low: 1024, medium: 8192, high: 24_576, xhigh: 24_576 } as const;
/** Minimum budget of Gemini 2.5 Pro, which can't turn reasoning off. */
const leastProBudget = 128;

export const isEffort = (effort: unknown): effort is Effort =>
  typeof effort === 'string' && Object.hasOwn(levels, effort);

export function thinkingControlOf(model: string, { thinking_control: configured }: ThinkingOptions): ThinkingControl {
  return configured ?? (versionOf(model) >= 3 ? 'level' : 'budget');
}

/** Returns undefined if the request does not ask for reasoning: models without reasoning refuse the field. */
export function thinkingConfigOf(effort: unknown, model: string, options: ThinkingOptions): ThinkingConfig | undefined {
  const { include_thoughts: includeThoughts } = options;
  if (!isEffort(effort)) return includeThoughts && thinksByName(model) ? { includeThoughts } : undefined;
  const amount =
    thinkingControlOf(model, options) === 'level'
      ? { thinkingLevel: levelOf(effort, model) }
      : { thinkingBudget: budgetOf(effort, model) };
  return { ...amount, ...(includeThoughts && effort !== 'none' ? { includeThoughts } : {}) };
}

/** Returns the level. The Pro models have no MINIMAL, and the first of them has no MEDIUM. */
function levelOf(effort: Effort, model: string): ThinkingLevel {
  const level = levels[effort];
  if (!/-pro\b/.test(model)) return level;
  if (level === 'MINIMAL') return 'LOW';
  return level === 'MEDIUM' && model.includes('gemini-3-pro') ? 'HIGH' : level;
}

const budgetOf = (effort: Effort, model: string): number =>
  Math.max(budgets[effort], /-pro\b/.test(model) ? leastProBudget : 0);

const thinksByName = (model: string): boolean =>
  versionOf(model) >= 2.5 && !/-(?:image|tts|audio|live|embedding)\b/.test(model);

/** Returns the version in a name such as gemini-2.5-flash; 0 for names without one. */
const versionOf = (model: string): number => Number(/gemini-(\d+(?:\.\d+)?)/.exec(model)?.[1] ?? 0);
