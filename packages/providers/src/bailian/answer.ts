import type { Usage } from '@sluice/protocol';
import type { AnswerIdentity, FinishReason } from '../answer/chunk-writer.ts';
import { toUsage } from '../answer/usage.ts';
import type { NativeAnswer, NativeOutput } from './wire.ts';

/** Returns the finish reason; undefined while the answer continues. */
export function finishReasonOf({
  finish_reason: reason,
  reject_status: isRejected,
}: NativeOutput): FinishReason | undefined {
  if (!reason || reason === 'null') return undefined;
  if (isRejected === true) return 'content_filter';
  return reason === 'length' ? 'length' : 'stop';
}

/** Returns the model's reasoning. Look-ups and tool calls in the same list are skipped. */
export function reasoningOf({ thoughts }: NativeOutput): string {
  const own = (thoughts ?? []).filter(({ action_type: type }) => type === 'reasoning');
  return own.map(({ thought, response }) => thought ?? response ?? '').join('');
}

/** Returns the usage of all models that worked on the answer; planner and writer may be two. */
export function usageOf({ usage }: NativeAnswer): Usage | undefined {
  const models = usage?.models ?? [];
  if (models.length === 0) return undefined;
  return toUsage({
    prompt: models.reduce((sum, { input_tokens: tokens }) => sum + (tokens ?? 0), 0),
    completion: models.reduce((sum, { output_tokens: tokens }) => sum + (tokens ?? 0), 0),
  });
}

/** Returns the answer's id and model, if the provider gives them. */
export function identityOf({ request_id: id, usage }: NativeAnswer): Partial<AnswerIdentity> {
  const model = usage?.models?.at(-1)?.model_id;
  return { ...(id ? { id: `chatcmpl-${id}` } : {}), ...(model ? { model } : {}) };
}

/** Returns the id of the session that the provider keeps, for clients that continue it. */
export const sessionOf = ({ session_id: id }: NativeOutput): { readonly session_id?: string } =>
  id ? { session_id: id } : {};
