import { classify, targetName, toClientError, type Verdict } from '@sluice/policy';
import type { RetryState, UpstreamFailure } from '@sluice/protocol';
import type { RunProgress, RunNeeds, NextAttempt } from './progress.ts';
import { backOffAt } from './wait.ts';
import { end, giveBack } from './end-run.ts';
import type { Outcome } from './claimed-run.ts';
import { judge, type Judgement, withLastFailure } from './judge.ts';
import type { FailedAttempt } from '../attempt/attempt-result.ts';
import { logFailedAttempt, type Remedy } from '../attempt/log-attempt.ts';
import type { Candidate } from './plan.ts';
import { asksStream } from '../attempt/asks-stream.ts';

interface FailedRunAttempt {
  readonly next: NextAttempt;
  readonly result: FailedAttempt;
}

/** Decides what follows a failed attempt. Returns undefined if another attempt follows. */
export async function afterFailure(
  needs: RunNeeds,
  progress: RunProgress,
  { next, result }: FailedRunAttempt,
): Promise<Outcome | undefined> {
  const { claimedRun, tally } = progress;
  const { candidate, opening } = next;
  const { failure, events } = result;
  const name = targetName(candidate.target);
  const reason = toClientError(toldInPlaceOf(failure, progress, name));
  const retried = (): void => needs.metrics.retried(candidate.target.upstream, reason.code);

  if (result.isTokenRefused && mayRenewToken(needs, progress, candidate)) {
    logAttempt(needs, progress, { next, result, remedy: 'renew_token' });
    await renewToken(needs, progress, candidate);
    progress.state = withLastFailure(progress.state, failure, candidate.target);
    retried();
    return undefined;
  }
  const isPrefillRefused = opening.isPrefilled && failure.kind === 'invalid_request' && events === 0;
  if (isPrefillRefused) {
    progress.state = { ...progress.state, withoutPrefill: [...progress.state.withoutPrefill, name] };
  }
  const isThinkingRefused = events === 0 && refusesThinking(progress.state, candidate, failure);
  if (isThinkingRefused) {
    progress.state = { ...progress.state, withoutThinking: [...progress.state.withoutThinking, name] };
  }
  const { extended } = progress;
  const { remedy } = classify(failure, candidate.target.onContentPolicy);
  let judged: Judgement | undefined;
  if ((isPrefillRefused || isThinkingRefused) && extended === undefined) {
    logAttempt(needs, progress, { next, result, remedy: 'begin_anew' });
    await recoverProbe(needs, progress, candidate);
  } else {
    logAttempt(needs, progress, { next, result, remedy });
    judged = await judgeAttempt(needs, progress, { next, result, remedy });
  }
  if (extended !== undefined) return isPrefillRefused ? undefined : end(progress, extended.end);
  const isAtEnd = tally.attempts >= needs.policy.maxAttempts || claimedRun.remainingMs() <= 0;
  const { lastFailure } = progress.state;
  if (judged?.isFinal === true || (events > 0 && isAtEnd)) {
    return { kind: 'error', error: reason, attempts: tally.calls(), events, lastFailure };
  }
  retried();
  // Only the ingress has the text that was delivered to the client.
  if (events > 0) return giveBack(progress, reason);
  if (judged === undefined || remedy !== 'retry') return undefined;
  return backOffAt(needs, progress, { target: candidate.target, failure });
}

/**
 * Returns whether a target refused the signed reasoning of the request for the first time. It gets the request once more
 * without it: another account or model may have signed it.
 */
const refusesThinking = ({ withoutThinking }: RetryState, { target }: Candidate, failure: UpstreamFailure): boolean =>
  !withoutThinking.includes(targetName(target)) && target.adapter.refusesThinking?.(failure) === true;

/** Judges a failure, and notes its consequences and its tokens. */
async function judgeAttempt(
  needs: RunNeeds,
  progress: RunProgress,
  { next, result, remedy }: FailedRunAttempt & { readonly remedy: Verdict['remedy'] },
): Promise<Judgement> {
  const { claimedRun, plan, state, tally } = progress;
  const { job } = claimedRun;
  const { candidate } = next;
  const isWhole = !asksStream(claimedRun, next);
  const judged = await judge(needs, { job, candidate, result, plan, state, remedy, isWhole });
  progress.state = judged.state;
  tally.burn(result.received);
  return judged;
}

/**
 * Returns the failure to report. If another target's text diverged from that of a target that had stalled, that is the
 * stall: the divergence is only its consequence.
 */
function toldInPlaceOf(failure: UpstreamFailure, { state }: RunProgress, target: string): UpstreamFailure {
  const isOfAnother = state.stalled.length > 0 && !state.stalled.includes(target);
  return failure.kind === 'diverged' && isOfAnother ? (state.lastFailure ?? failure) : failure;
}

function logAttempt(
  { logger, policy }: RunNeeds,
  { claimedRun, tally }: RunProgress,
  { next: { candidate, number }, result, remedy }: FailedRunAttempt & { readonly remedy: Remedy },
): void {
  const { maxAttempts } = policy;
  logFailedAttempt(logger, claimedRun, {
    chosen: { ...candidate, number },
    result,
    remedy,
    attempts: tally.attempts,
    maxAttempts,
  });
}

const renewedName = ({ target, credentialId }: Candidate): string => `${target.upstream}/${credentialId}`;

/** A renewed access token may help the same credential; if the provider refuses it too, the credential is at fault. */
const mayRenewToken = ({ policy }: RunNeeds, { tally, state, extended }: RunProgress, candidate: Candidate): boolean =>
  extended === undefined &&
  tally.attempts < policy.maxAttempts &&
  !state.renewedTokens.includes(renewedName(candidate));

async function renewToken(needs: RunNeeds, progress: RunProgress, candidate: Candidate): Promise<void> {
  const { state } = progress;
  progress.state = { ...state, renewedTokens: [...state.renewedTokens, renewedName(candidate)] };
  await recoverProbe(needs, progress, candidate);
  progress.again = { ...candidate, isProbe: false };
}

/** A refusal proves that the target answers: a probe that ends in one closes the circuit. */
async function recoverProbe(needs: RunNeeds, { claimedRun }: RunProgress, candidate: Candidate): Promise<void> {
  const { target, credentialId, isProbe } = candidate;
  if (isProbe)
    await needs.health.recovered(
      { upstreamId: target.upstream, model: target.model },
      { tenant: claimedRun.job.tenant, credentialId },
    );
}
