import { targetName } from '@sluice/policy';
import type { Delivered, RetryState } from '@sluice/protocol';
import type { ChatBody } from '@sluice/providers';
import { type PrefillStyle, type RescueMode, withAnswerSoFar, withPrefill } from '@sluice/rescue';
import type { Target } from './targets.ts';

/** How a call goes on with what the client has of an answer that broke off. */
export interface Beginning {
  /** Undefined for a first answer. */
  readonly rescue: RescueMode | undefined;
  /** The request, with what is to be written on. */
  readonly body: ChatBody;
  /** How the target writes on, if it does by itself. */
  readonly prefill: PrefillStyle | 'none';
}

/** @param fitted the request as this target can serve it, without anything of an answer */
export function goOn(
  delivered: Delivered | undefined,
  { target, fitted, state }: { readonly target: Target; readonly fitted: ChatBody; readonly state: RetryState },
): Beginning {
  const prefill = state.withoutPrefill.includes(targetName(target)) ? 'none' : target.prefill;
  if (delivered === undefined) return { rescue: undefined, body: fitted, prefill };
  // No single answer could reach as far as several have: it has to be written on, if need be on request.
  if ((delivered.continuations ?? 0) > 0) {
    return { rescue: 'continue', body: withAnswerSoFar(fitted, delivered.content, prefill), prefill };
  }
  if (prefill === 'none' || delivered.content === '') return { rescue: 'restart', body: fitted, prefill };
  return { rescue: 'continue', body: withPrefill(fitted, delivered, prefill), prefill };
}
