import { isFilled, isObject, type JsonObject } from '@sluice/protocol';
import type { AnswerIdentity } from '../../answer/chunk-writer.ts';
import { amend } from '../../json-object.ts';

const chunkObject = 'chat.completion.chunk';

/** Service tiers of OpenAI's document. Other providers have other tiers, which break typed clients. */
const serviceTiers: readonly unknown[] = ['auto', 'default', 'flex', 'scale', 'priority', 'fast', null, undefined];

/** Returns the members of an answer except its choices, and adds the missing ones. */
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

/**
 * Corrects the heads of one stream's chunks so that all are equal: the first id, date and model count, and `usage`,
 * `system_fingerprint` and `service_tier` are on each chunk as on the first.
 *
 * @param names used if the server gives none
 * @param noUsage replaces a usage, which is sent only at the end
 */
export function createHeads(names: AnswerIdentity, noUsage: null | undefined): Heads {
  let constants: JsonObject | undefined;

  return (chunk, members = {}) => {
    constants ??= constantsOf(amendHead(chunk, chunkObject, names), noUsage);
    return amend(chunk, { ...constants, ...members });
  };
}

/** Corrects a chunk's head and sets other members. */
type Heads = (chunk: JsonObject, members?: JsonObject) => JsonObject;

function constantsOf(chunk: JsonObject, noUsage: null | undefined): JsonObject {
  const { id, object, created, model, usage, system_fingerprint, service_tier } = chunk;
  const isNull = usage === null || (isObject(usage) && noUsage === null);
  return { id, object, created, model, system_fingerprint, service_tier, usage: isNull ? null : undefined };
}
