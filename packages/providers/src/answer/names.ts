import type { CallPlan } from '../adapter.ts';
import type { AnswerIdentity } from './chunk-writer.ts';

/** The identity given to an answer that has no name of its own. */
export const namesOf = ({ requestId, startedAtMs, model }: CallPlan): AnswerIdentity => ({
  id: `chatcmpl-${requestId}`,
  created: Math.floor(startedAtMs / 1000),
  model,
});
