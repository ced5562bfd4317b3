import type { FailureKind, Usage } from '@sluice/protocol';
import { noTokens } from '@sluice/records';
import type { Arrival } from '../upstream/read-answer.ts';
import { believableUsage } from '../run/believable-usage.ts';
import type { Ending } from './attempt-result.ts';
import type { ChosenAttempt } from './chosen-attempt.ts';
import { arrivedTokens, type CountedTokens, countTokens, wholeAnswerTokens } from './count-tokens.ts';

export interface BillFacts {
  readonly body: ChosenAttempt['body'];
  /** Estimates the prompt of the call. */
  readonly promptTokens: () => number;
  readonly ending: Ending;
  readonly arrival: Arrival;
  /** Usage of this call alone, if the summary counts several calls. */
  readonly own: { readonly usage: Usage | undefined } | undefined;
}

/** The tokens of a call, and the usage that tells them. */
export interface Bill extends CountedTokens {
  readonly usage: Usage | undefined;
}

/**
 * Returns what the provider bills for a call. A call without an answer costs nothing: it was not connected, refused with
 * an HTTP status, or ended by an error that the provider reports before any part of the answer. A call that we gave up has
 * cost at least its prompt.
 */
export function billOf({ body, promptTokens, ending, arrival, own }: BillFacts): Bill {
  const answer = arrival.answer && { ...arrival.answer, usage: believableUsage(arrival.answer.usage, body) };
  if (ending.kind === 'complete') {
    const usage = own === undefined ? believableUsage(ending.summary.usage, body) : own.usage;
    const arrived = answer ?? wholeAnswerTokens(usage === undefined ? arrival.whole : undefined);
    return { ...countTokens({ usage, arrived, promptTokens }), usage };
  }
  const usage = answer?.usage;
  if (isFree(ending, arrival)) return { tokens: noTokens, isEstimated: false, usage };
  return { ...countTokens({ usage: undefined, arrived: answer, promptTokens }), usage };
}

/** Failures that we find; the others are reported by the provider. */
const ours: ReadonlySet<FailureKind> = new Set(['network', 'timeout', 'truncated', 'malformed', 'diverged']);

function isFree(ending: Exclude<Ending, { kind: 'complete' }>, { status, answer }: Arrival): boolean {
  const kind = ending.kind === 'failed' ? ending.failure.kind : undefined;
  if (status === undefined) return kind !== undefined && kind !== 'timeout';
  if (status < 200 || status > 299) return true;
  if (kind === undefined || ours.has(kind)) return false;
  const { output, reasoning } = arrivedTokens(answer);
  return output + reasoning === 0;
}
