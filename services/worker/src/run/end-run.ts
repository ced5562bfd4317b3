import { type End, GatewayError } from '@sluice/protocol';
import { believableUsage } from './believable-usage.ts';
import type { RunProgress } from './progress.ts';
import type { Outcome } from './claimed-run.ts';
import type { AttemptResult } from '../attempt/attempt-result.ts';
import type { Candidate } from './plan.ts';

/** Ends a complete attempt. Returns undefined if its answer met its length limit and is to be extended. */
export function complete(
  progress: RunProgress,
  candidate: Candidate,
  result: Extract<AttemptResult, { kind: 'complete' }>,
): Outcome | undefined {
  const { answer, tally } = progress;
  const { summary } = result;
  const mayGrow = answer.endAttempt(summary.usage) && summary.finishReason === 'length';
  progress.extended = { candidate, end: { ...summary, events: 0, burntTokens: 0 } };
  if (mayGrow && tally.extensions < candidate.target.maxContinuations) return undefined;
  return end(progress, progress.extended.end);
}

/** Ends the run with the answer so far. */
export function end({ answer, tally, claimedRun }: RunProgress, last: End): Outcome {
  answer.close();
  const usage = believableUsage(answer.usage() ?? last.usage, claimedRun.body);
  const { burntTokens, events, extensions, costMicros, isEstimated } = tally;
  const counted = extensions > 0 ? { continuations: extensions } : {};
  const spent = { ...(costMicros > 0 && { costMicros }), ...(isEstimated && { isEstimated }) };
  return { kind: 'end', end: { ...last, usage, events, burntTokens, ...counted, ...spent }, attempts: tally.calls() };
}

/** Ends a run that is no longer wanted, or whose worker stops. */
export function giveUp(progress: RunProgress, { received }: AttemptResult): Outcome {
  const { claimedRun, tally } = progress;
  const isDraining = claimedRun.active.signal.reason === 'draining';
  const error = new GatewayError(isDraining ? 'worker_lost' : 'request_cancelled');
  if (!isDraining) return { kind: 'error', error, attempts: tally.calls(), events: tally.events };
  tally.burn(received);
  return giveBack(progress, error);
}

/** Gives the request back to the ingress for another run at once. */
export function giveBack({ plan, state, tally }: RunProgress, error: GatewayError): Outcome {
  return { kind: 'retry', delayMs: 0, state: { ...tally.into(state), away: plan.awayAfter(0) }, error };
}
