/**
 * Corrects the estimates of prompts by what the providers told before. An estimate counts four bytes a token; a target whose
 * tokenizer, system prompt or application makes more or fewer of them is known after its first answers.
 */
export interface PromptScale {
  /** Returns the corrected estimate. @param target its name */
  correct(target: string, estimated: number): number;
  /** Takes the tokens that a provider told for a prompt with this estimate. */
  observe(target: string, estimated: number, told: number): void;
}

/** Weight of the newest prompt: the ratio follows within about ten. */
const newestWeight = 0.125;
/** A ratio beyond says that the prompt is not the only input, such as a stored one. */
const mostRatio = 8;
/** Clients choose the names of models where an upstream serves any. */
const mostTargets = 1000;

export function createPromptScale(): PromptScale {
  const ratios = new Map<string, number>();
  return {
    correct: (target, estimated) => Math.round(estimated * (ratios.get(target) ?? 1)),
    observe(target, estimated, told) {
      if (estimated === 0 || told === 0) return;
      const ratio = Math.min(mostRatio, told / estimated);
      const known = ratios.get(target);
      ratios.delete(target);
      ratios.set(target, known === undefined ? ratio : known + (ratio - known) * newestWeight);
      const [oldest] = ratios.keys();
      if (ratios.size > mostTargets && oldest !== undefined) ratios.delete(oldest);
    },
  };
}
