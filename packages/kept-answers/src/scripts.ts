import { defineScript } from '@sluice/redis';
import { z } from 'zod';

/** States of a kept answer. A failed one has an error as its last event, or lacks a part. */
export const answerStates = ['running', 'ended', 'failed'] as const;
export type AnswerState = (typeof answerStates)[number];

/** Reply of `open-answer-2.lua`. */
export type Opening =
  | { readonly kind: 'opened' }
  | { readonly kind: 'known'; readonly digest: string; readonly owner: string; readonly state: AnswerState };

const openedSchema = z.union([
  z.tuple([z.literal(1)]),
  z.tuple([z.literal(0), z.string(), z.string(), z.enum(answerStates)]),
]);

export const openScript = defineScript(new URL('../lua/open-answer-2.lua', import.meta.url), (reply): Opening => {
  const [, digest, owner, state] = openedSchema.parse(reply);
  return digest === undefined || owner === undefined || state === undefined
    ? { kind: 'opened' }
    : { kind: 'known', digest, owner, state };
});
export const addScript = defineScript(new URL('../lua/add-events-2.lua', import.meta.url), (reply) => reply === 1);
export const dropScript = defineScript(new URL('../lua/drop-answer-2.lua', import.meta.url), (reply) => reply === 1);
