import type { CallPlan } from '../adapter.ts';
import type { AnswerIdentity } from './chunk-writer.ts';

/** Returns the identity of an answer to which the provider gives none. */
export const namesOf = ({ requestId, startedAtMs, model }: CallPlan): AnswerIdentity => ({
  id: `chatcmpl-${requestId}`,
  created: Math.floor(startedAtMs / 1000),
  model,
});

/** The identity of a streamed answer; the provider may give its parts in several events. */
export interface StreamNames {
  /** The same object until a part is added. */
  readonly current: AnswerIdentity;
  /** Adds parts; the first value of each counts. */
  add(given: Partial<AnswerIdentity>): void;
}

export function createStreamNames(plan: CallPlan): StreamNames {
  const made = namesOf(plan);
  let told: Partial<AnswerIdentity> = {};
  const names = {
    current: made,
    add(given: Partial<AnswerIdentity>): void {
      told = { ...given, ...told };
      names.current = { ...made, ...told };
    },
  };
  return names;
}
