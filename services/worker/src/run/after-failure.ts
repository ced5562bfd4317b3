import { classify, targetName, toClientError } from '@sluice/policy';
import type { UpstreamFailure } from '@sluice/protocol';
import type { Course, RunNeeds, Turn } from './progress.ts';
import { stayAt } from './wait.ts';
import { end } from './end-run.ts';
import type { Outcome } from './claimed-run.ts';
import { type FailedAttempt, judge, type Judgement, withLastFailure } from './judge.ts';
import { logFailedAttempt, type Remedy } from '../attempt/log-attempt.ts';
import type { Candidate } from './plan.ts';
import { isAskedToStream } from '../attempt/asks-stream.ts';

interface FailedTurn {
  readonly turn: Turn;
  readonly result: FailedAttempt;
}

/** Decides what follows a failed attempt; undefined: another attempt. */
export async function afterFailure(
  needs: RunNeeds,
  course: Course,
  { turn, result }: FailedTurn,
): Promise<Outcome | undefined> {
  const { execution, tally, plan } = course;
  const { candidate, opening } = turn;
  const { failure, events } = result;
  const name = targetName(candidate.target);
  const isPrefillRefused = opening.isPrefilled && failure.kind === 'invalid_request' && events === 0;
  const reason = toClientError(toldInPlaceOf(failure, course, name));
  const retried = (): void => needs.metrics.retried(candidate.target.upstream, reason.code);

  if (result.isTokenRefused && mayRenewToken(needs, course, candidate)) {
    logAttempt(needs, course, { turn, result, remedy: 'renew_token' });
    await renewToken(needs, course, candidate);
    course.state = withLastFailure(course.state, failure, candidate.target);
    retried();
    return undefined;
  }
  const { remedy } = classify(failure, candidate.target.onContentPolicy);
  let judged: Judgement | undefined;
  if (isPrefillRefused && course.extended === undefined) {
    logAttempt(needs, course, { turn, result, remedy: 'begin_anew' });
    course.state = { ...course.state, withoutPrefill: [...course.state.withoutPrefill, name] };
    await recoverProbe(needs, course, candidate);
  } else {
    logAttempt(needs, course, { turn, result, remedy });
    const { job, body } = execution;
    const isWhole = !isAskedToStream(job, candidate.target, body);
    judged = await judge(needs, { job, candidate, result, plan, state: course.state, remedy, isWhole });
    course.state = judged.state;
    tally.burn(result.received);
  }
  if (course.extended !== undefined) {
    if (!isPrefillRefused) return end(course, course.extended.end);
    course.state = { ...course.state, withoutPrefill: [...course.state.withoutPrefill, name] };
    return undefined;
  }
  const isAtEnd = tally.attempts >= needs.policy.maxAttempts || execution.remainingMs() <= 0;
  const { lastFailure } = course.state;
  if (judged?.isFinal === true || (events > 0 && isAtEnd)) {
    return { kind: 'error', error: reason, attempts: tally.calls(), events, lastFailure };
  }
  retried();
  // Only the ingress knows what the client has of the answer.
  if (events > 0) return { kind: 'retry', delayMs: 0, state: tally.into(course.state), error: reason };
  if (judged === undefined || remedy !== 'retry') return undefined;
  return stayAt(needs, course, { target: candidate.target, failure });
}

/** Another target that says something else than the one that stalled tells the client nothing: the stall has failed. */
function toldInPlaceOf(failure: UpstreamFailure, { state }: Course, target: string): UpstreamFailure {
  const isOfAnother = state.stalled.length > 0 && !state.stalled.includes(target);
  return failure.kind === 'diverged' && isOfAnother ? (state.lastFailure ?? failure) : failure;
}

function logAttempt(
  { logger, policy }: RunNeeds,
  { execution, tally }: Course,
  { turn: { candidate, number }, result, remedy }: FailedTurn & { readonly remedy: Remedy },
): void {
  const { maxAttempts } = policy;
  logFailedAttempt(logger, execution, {
    chosen: { ...candidate, number },
    result,
    remedy,
    attempts: tally.attempts,
    maxAttempts,
  });
}

const renewedName = ({ target, credentialId }: Candidate): string => `${target.upstream}/${credentialId}`;

/** Another access token may help the same credential; if the provider refuses that too, the credential is at fault. */
const mayRenewToken = ({ policy }: RunNeeds, { tally, state, extended }: Course, candidate: Candidate): boolean =>
  extended === undefined &&
  tally.attempts < policy.maxAttempts &&
  !state.renewedTokens.includes(renewedName(candidate));

async function renewToken(needs: RunNeeds, course: Course, candidate: Candidate): Promise<void> {
  const { state } = course;
  course.state = { ...state, renewedTokens: [...state.renewedTokens, renewedName(candidate)] };
  await recoverProbe(needs, course, candidate);
  course.again = { ...candidate, isProbe: false };
}

/** A refusal proves that the target answers: a probe that ends in one closes the circuit. */
async function recoverProbe(needs: RunNeeds, { execution }: Course, candidate: Candidate): Promise<void> {
  const { target, credentialId, isProbe } = candidate;
  if (isProbe)
    await needs.health.recovered(
      { upstreamId: target.upstream, model: target.model },
      { tenant: execution.job.tenant, credentialId },
    );
}
