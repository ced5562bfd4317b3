import type { Behaviour } from '../faults/behaviour.ts';

/** Tokens of the prompt of a call, in classes that do not overlap. */
export interface PromptTokens {
  readonly fresh: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/** Tokens of the answer of a call, in classes that do not overlap. */
export interface AnswerTokens {
  readonly output: number;
  readonly reasoning: number;
}

/** All tokens of a call. */
export type Tokens = PromptTokens & AnswerTokens;

export const noTokens: Tokens = { fresh: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };

export const addTokens = (one: Tokens, other: Partial<Tokens>): Tokens => ({
  fresh: one.fresh + (other.fresh ?? 0),
  cacheRead: one.cacheRead + (other.cacheRead ?? 0),
  cacheWrite: one.cacheWrite + (other.cacheWrite ?? 0),
  output: one.output + (other.output ?? 0),
  reasoning: one.reasoning + (other.reasoning ?? 0),
});

/** Classes that a provider's bill has beside `fresh` and `output`. A class that it lacks is counted as one of these. */
export interface Classes {
  readonly cacheRead: boolean;
  readonly cacheWrite: boolean;
  readonly reasoning: boolean;
}

export const allClasses: Classes = { cacheRead: true, cacheWrite: true, reasoning: true };
export const noClasses: Classes = { cacheRead: false, cacheWrite: false, reasoning: false };

/** Divides a prompt by the directives `cr` and `cw`. */
export function splitPrompt(
  promptTokens: number,
  behaviour: Pick<Behaviour, 'cacheRead' | 'cacheWrite'>,
  classes = allClasses,
): PromptTokens {
  const cacheRead = classes.cacheRead ? Math.min(behaviour.cacheRead, promptTokens) : 0;
  const cacheWrite = classes.cacheWrite ? Math.min(behaviour.cacheWrite, promptTokens - cacheRead) : 0;
  return { fresh: promptTokens - cacheRead - cacheWrite, cacheRead, cacheWrite };
}

/** Counts an answer in a provider's classes. */
export const splitAnswer = ({ output, reasoning }: AnswerTokens, classes: Classes): AnswerTokens =>
  classes.reasoning ? { output, reasoning } : { output: output + reasoning, reasoning: 0 };
