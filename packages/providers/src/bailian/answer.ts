import type { Usage } from '@sluice/protocol';
import type { AnswerIdentity, FinishReason } from '../answer/chunk-writer.ts';
import { toUsage } from '../answer/usage.ts';
import type { NativeAnswer, NativeOutput } from './wire.ts';

/** Undefined while the answer goes on. */
export function finishReasonOf({
  finish_reason: reason,
  reject_status: isRejected,
}: NativeOutput): FinishReason | undefined {
  if (!reason || reason === 'null') return undefined;
  if (isRejected === true) return 'content_filter';
  return reason === 'length' ? 'length' : 'stop';
}

/** Returns the model's thoughts. Its look-ups and tool calls stand in the same list and are no thoughts. */
export function thoughtsOf({ thoughts }: NativeOutput): string {
  const own = (thoughts ?? []).filter(({ action_type: type }) => type === 'reasoning');
  return own.map(({ thought, response }) => thought ?? response ?? '').join('');
}

/** Over all models that worked on the answer: planner and writer may be two. */
export function usageOf({ usage }: NativeAnswer): Usage | undefined {
  const models = usage?.models ?? [];
  if (models.length === 0) return undefined;
  return toUsage({
    prompt: models.reduce((sum, { input_tokens: tokens }) => sum + (tokens ?? 0), 0),
    completion: models.reduce((sum, { output_tokens: tokens }) => sum + (tokens ?? 0), 0),
  });
}

/** The answer's name and the model that gives it, as far as they are told. */
export function identityOf({ request_id: id, usage }: NativeAnswer): Partial<AnswerIdentity> {
  const model = usage?.models?.at(-1)?.model_id;
  return { ...(id ? { id: `chatcmpl-${id}` } : {}), ...(model ? { model } : {}) };
}

/** The name of the conversation that the provider keeps, for clients that go on with it. */
export const sessionOf = ({ session_id: id }: NativeOutput): { readonly session_id?: string } =>
  id ? { session_id: id } : {};
