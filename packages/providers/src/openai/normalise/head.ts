import type { AnswerIdentity } from '../../answer/chunk-writer.ts';
import { amend, isFilled, type JsonObject } from '../../json-object.ts';

/** The tiers of OpenAI's document. Others have tiers of their own, at which typed clients stumble. */
const serviceTiers: readonly unknown[] = ['auto', 'default', 'flex', 'scale', 'priority', 'fast', null, undefined];

/** What an answer says of itself besides its choices, with what is missing put in. */
export function amendHead(answer: JsonObject, object: string, names: AnswerIdentity): JsonObject {
  const { id, created, model, service_tier: tier, system_fingerprint: fingerprint } = answer;
  return amend(answer, {
    id: isFilled(id) ? id : names.id,
    object,
    created: typeof created === 'number' && created >= 0 ? Math.floor(created) : names.created,
    model: isFilled(model) ? model : names.model,
    service_tier: serviceTiers.includes(tier) ? tier : undefined,
    system_fingerprint: typeof fingerprint === 'string' || fingerprint === null ? fingerprint : undefined,
  });
}
