import type { UpstreamFailure } from '@sluice/protocol';
import type { FinishReason } from '../answer/chunk-writer.ts';
import type { candidateOf } from './answer.ts';
import type { WireResponse } from './wire.ts';

type Ending =
  | { readonly kind: 'finished'; readonly reason: FinishReason }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** Reasons for complete answers. https://ai.google.dev/api/generate-content#FinishReason */
const finishReasons: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  // The model created no image, and a retry would give the same result.
  NO_IMAGE: 'stop',
  MAX_TOKENS: 'length',
  CONTINUATION: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  LANGUAGE: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  MODEL_ARMOR: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
  // An image was withheld for an unstated reason.
  IMAGE_OTHER: 'content_filter',
};

/** Errors of the model that a retry may mend. */
const slips: ReadonlySet<string> = new Set(['MALFORMED_FUNCTION_CALL', 'MALFORMED_RESPONSE', 'OTHER']);

/**
 * Translates a finish reason; returns undefined if there is none. A reason in neither table, such as
 * TOO_MANY_TOOL_CALLS, MISSING_THOUGHT_SIGNATURE or a future one, would occur again: the request moves to another
 * target and does not return to this one.
 */
export function endingOf(
  candidate: ReturnType<typeof candidateOf>,
  { hasCalls }: { readonly hasCalls: boolean },
): Ending | undefined {
  const { finishReason, finishMessage } = candidate ?? {};
  if (!finishReason || finishReason === 'FINISH_REASON_UNSPECIFIED') return undefined;
  const reason = Object.hasOwn(finishReasons, finishReason) ? finishReasons[finishReason] : undefined;
  if (reason === undefined) {
    const message = `The model did not finish its answer: ${finishReason}. ${finishMessage ?? ''}`.trim();
    const kind = slips.has(finishReason) ? 'malformed' : 'unexpected';
    return { kind: 'failed', failure: { kind, message: message.slice(0, mostMessageCharacters) } };
  }
  return { kind: 'finished', reason: reason === 'stop' && hasCalls ? 'tool_calls' : reason };
}

const mostMessageCharacters = 1000;

const unspecified: ReadonlySet<string> = new Set(['BLOCK_REASON_UNSPECIFIED', 'BLOCKED_REASON_UNSPECIFIED']);

/** Returns the failure if the prompt itself was refused with a reason. */
export function blockOf(response: WireResponse): UpstreamFailure | undefined {
  const reason = response.promptFeedback?.blockReason;
  return !reason || unspecified.has(reason) ? undefined : refusalOf(response);
}

/** Translates feedback on the prompt, in a response without candidates. */
export function refusalOf({ promptFeedback }: WireResponse): UpstreamFailure | undefined {
  if (promptFeedback == null) return undefined;
  const { blockReason, blockReasonMessage } = promptFeedback;
  const reason = blockReason || 'no reason was given';
  const message = `The provider refuses the prompt: ${reason}. ${blockReasonMessage ?? ''}`.trim();
  return { kind: 'content_policy', message: message.slice(0, mostMessageCharacters) };
}
