import type { CallPlan } from '../adapter.ts';
import type { AnswerIdentity } from './chunk-writer.ts';

/** Returns the identity of an answer to which the provider gives none. */
export const namesOf = ({ requestId, startedAtMs, model }: CallPlan): AnswerIdentity => ({
  id: `chatcmpl-${requestId}`,
  created: Math.floor(startedAtMs / 1000),
  model,
});
