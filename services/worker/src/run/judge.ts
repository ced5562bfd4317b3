import {
  backoffMs,
  classify,
  countTry,
  endStay,
  isCredentialRefused,
  isSpoiled,
  cooldownScope,
  type RetryPolicy,
  targetName,
  toClientError,
  type Verdict,
} from '@sluice/policy';
import type { ChatJob, RetryState, UpstreamFailure } from '@sluice/protocol';
import type { WorkerMetrics } from '@sluice/telemetry';
import type { ForbiddenCredentials } from '../credentials/forbidden-credentials.ts';
import type { Health } from '../targets/fleet-health.ts';
import type { FailedAttempt } from '../attempt/attempt-result.ts';
import { credentialName } from './offer-credentials.ts';
import type { Candidate, Plan } from './plan.ts';
import type { Target } from '../targets/targets.ts';

export interface JudgeNeeds {
  readonly health: Health;
  readonly forbiddenCredentials: ForbiddenCredentials;
  readonly policy: RetryPolicy;
  readonly metrics: Pick<WorkerMetrics, 'credentialCooledDown'>;
  /** Returns numbers in [0, 1). */
  readonly random: () => number;
}

export interface JudgedAttempt {
  readonly job: ChatJob;
  readonly candidate: Candidate;
  readonly result: FailedAttempt;
  readonly plan: Plan;
  readonly state: RetryState;
  /** The consequence that `classify` gives this kind of failure. */
  readonly remedy: Verdict['remedy'];
  /** The provider was asked for an answer in one piece. */
  readonly isWhole: boolean;
}

export interface Judgement {
  readonly state: RetryState;
  /** No target will serve this request. */
  readonly isFinal: boolean;
}

/** Cooldowns, in ms, of a credential that the provider does not accept, and of one without credit or quota. */
const refusedCooldownMs = 10_000;
const quotaCooldownMs = 60_000;
/** Maximum number of attempts of one request that fail in a way that another attempt would repeat. */
const mostSpoiled = 2;
/** Number of credentials refused with 403 from which on the request is at fault. */
const enoughForbidden = 2;

/** Reports a failure to the health of the upstreams, and decides its consequences for this request. */
export async function judge(needs: JudgeNeeds, attempted: JudgedAttempt): Promise<Judgement> {
  await tellHealth(needs, attempted);
  const { candidate, result, plan, remedy } = attempted;
  const { target } = candidate;
  const { failure } = result;
  const state = withLastFailure(withBreak(attempted), failure, target);
  const name = targetName(target);
  const refusing = refusedBy(state, name);
  switch (remedy) {
    case 'retry': {
      plan.note(target, { kind: 'failed', retryAfterMs: failure.retryAfterMs });
      const { policy } = needs;
      const counted = countTry({ policy, state, target: name, failure, events: result.events });
      return { state: counted, isFinal: state.spoiled >= mostSpoiled };
    }
    case 'next_target':
      plan.note(target, { kind: 'refused' });
      return { state: refusing, isFinal: state.spoiled >= mostSpoiled };
    case 'next_credential': {
      const cooldownMs = await coolDownLimited(needs, attempted);
      if (failure.shouldRetry === false) plan.note(target, { kind: 'refused' });
      const counted = withLastFailure(
        failure.shouldRetry === false ? refusing : state,
        // Before that time the credential is still in cooldown.
        isCredentialRefused(failure) ? failure : { ...failure, retryAfterMs: cooldownMs },
        target,
      );
      return { state: { ...counted, rateLimitWaits: counted.rateLimitWaits + 1 }, isFinal: false };
    }
    case 'doubt_credential':
      return { state: await onForbidden(needs, attempted, state), isFinal: false };
    case 'other_credential':
      return {
        state: { ...state, incapable: [...state.incapable, credentialName(target, candidate.credentialId)] },
        isFinal: false,
      };
    case 'give_up':
      if (failure.kind !== 'diverged' || !hasStalledElsewhere(state, name)) return { state, isFinal: true };
      // The stalled target is tried last; only it can continue its own text. The stall stays the last failure.
      plan.note(target, { kind: 'refused' });
      return { state: { ...refusing, lastFailure: attempted.state.lastFailure }, isFinal: false };
  }
}

/** Returns whether another target has stalled in the middle of this answer, and can be tried once more. */
const hasStalledElsewhere = ({ stalled, refusedBy }: RetryState, target: string): boolean =>
  stalled.some(
    (name) => name !== target && !refusedBy.includes(name) && stalled.indexOf(name) === stalled.lastIndexOf(name),
  );

async function tellHealth({ health }: JudgeNeeds, { job, candidate, result }: JudgedAttempt): Promise<void> {
  const { target, isProbe } = candidate;
  const { failure, wasCalled, hasThrown } = result;
  const ref = { upstreamId: target.upstream, model: target.model };
  const { requestId, tenant } = job;
  // An adapter's own error is the fault of Sluice or of the request, not of the target.
  const isTargets = classify(failure).countsAgainstTarget && hasThrown !== true;
  if (isTargets) await health.failed(ref, { isProbe, requestId, tenant, cause: causeOf(failure) });
  else if (isProbe && (!wasCalled || hasThrown === true)) await health.abandoned(ref);
  // Any answer, even a refusal, proves that the target is reachable.
  else if (isProbe) await health.recovered(ref, { tenant, credentialId: candidate.credentialId });
}

/** Kinds whose messages Sluice writes; a provider's message could tell one client something about another. */
const hasOwnWords: ReadonlySet<string> = new Set(['network', 'timeout', 'certificate']);

/** The description of a failure that any other client may read. */
function causeOf({ kind, status, message }: UpstreamFailure): string {
  const words = hasOwnWords.has(kind) && message !== '' ? `: ${message}` : '';
  return `${kind}${status === undefined ? '' : ` (status ${status})`}${words}`;
}

/** Notes where and how the answer broke off; the order of the next targets depends on it. */
function withBreak({ candidate: { target }, result, state, isWhole }: JudgedAttempt): RetryState {
  const { failure, events, received } = result;
  const { upstream, model } = target;
  const name = targetName(target);
  const isSilent = failure.kind === 'timeout';
  // An answer that is cut again at the same place adds nothing.
  const isCutAgain = failure.kind === 'truncated' && received > 0 && events === 0 && state.brokenAt !== undefined;
  // The provider generates a whole answer before it sends it, and bills it.
  const isWholeCut = isWhole && failure.kind === 'truncated';
  return {
    ...state,
    ...(received > 0 || isWholeCut ? { brokenAt: { upstream, model } } : {}),
    ...(isSilent && received === 0 ? { silent: [...state.silent, name] } : {}),
    ...(isSilent && received > 0 ? { stalled: [...state.stalled, name] } : {}),
    ...(isSpoiled(failure) || isCutAgain || isWholeCut ? { spoiled: state.spoiled + 1 } : {}),
  };
}

const longestMessage = 500;

export function withLastFailure(state: RetryState, failure: UpstreamFailure, target: Target): RetryState {
  const { kind, message, status, code, param, retryAfterMs, shouldRetry, answer } = failure;
  return {
    ...state,
    lastFailure: {
      kind,
      message: message.slice(0, longestMessage),
      status,
      code,
      param,
      retryAfterMs,
      shouldRetry,
      ...(answer === undefined ? {} : { answer }),
      target: targetName(target),
    },
  };
}

/**
 * Puts a credential in cooldown that is rate-limited, without quota, or not accepted.
 *
 * @returns length of the cooldown, in ms
 */
async function coolDownLimited(needs: JudgeNeeds, { candidate, result, state }: JudgedAttempt): Promise<number> {
  const { policy, random } = needs;
  const { failure } = result;
  const { kind, retryAfterMs = 0 } = failure;
  const ownMs = backoffMs(policy, { schedule: 'rate_limit', waits: state.rateLimitWaits, random });
  const usualMs = failure.retryAfterMs === undefined && kind === 'quota' ? quotaCooldownMs : ownMs;
  const isRefused = isCredentialRefused(failure);
  // The cooldown is never shorter than our own back-off, even if the provider asks for less.
  const cooldownMs = Math.max(isRefused ? refusedCooldownMs : usualMs, retryAfterMs);
  await coolDown(needs, candidate, { failure, cooldownMs, isRefused });
  return cooldownMs;
}

interface CooldownFacts {
  readonly failure: UpstreamFailure;
  readonly cooldownMs: number;
  readonly isRefused: boolean;
}

async function coolDown(
  { health, metrics }: JudgeNeeds,
  { target, credentialId }: Pick<Candidate, 'target' | 'credentialId'>,
  { failure, cooldownMs, isRefused }: CooldownFacts,
): Promise<void> {
  const place = { upstreamId: target.upstream, credentialId };
  const model = cooldownScope(failure) === 'model' ? target.model : undefined;
  await health.coolDown({ ...place, model }, { cooldownMs, isRefused, reason: failure.kind });
  metrics.credentialCooledDown(target.upstream, toClientError(failure).code);
}

/** A 403 may be about the credential or the request: the next attempt uses another credential of the same target. */
async function onForbidden(needs: JudgeNeeds, attempted: JudgedAttempt, state: RetryState): Promise<RetryState> {
  const { job, candidate, result, plan } = attempted;
  const { target, credentialId } = candidate;
  const place = { upstreamId: target.upstream, credentialId };
  const forbidden = [...state.forbidden, credentialName(target, credentialId)];
  if (needs.forbiddenCredentials.refused(place, { requestId: job.requestId, tenant: job.tenant })) {
    const { failure } = result;
    const cooldownMs = Math.max(refusedCooldownMs, failure.retryAfterMs ?? 0);
    await coolDown(needs, candidate, { failure, cooldownMs, isRefused: true });
  }
  const isAboutRequest =
    forbidden.filter((name) => name.startsWith(`${targetName(target)}#`)).length >= enoughForbidden;
  if (!isAboutRequest) return { ...state, forbidden };
  plan.note(target, { kind: 'refused' });
  return refusedBy({ ...state, forbidden }, targetName(target));
}

const refusedBy = (state: RetryState, target: string): RetryState => ({
  ...endStay(state),
  refusedBy: [...state.refusedBy, target],
});

/** Puts credentials in cooldown that a target refused for a request which another credential then served. */
export async function coolDownForbidden(needs: JudgeNeeds, candidate: Candidate, state: RetryState): Promise<void> {
  const { target, credentialId } = candidate;
  needs.forbiddenCredentials.served({ upstreamId: target.upstream, credentialId });
  if (state.forbidden.length === 0) return;
  const prefix = `${targetName(target)}#`;
  const failure: UpstreamFailure = { kind: 'permission', message: '' };
  for (const name of state.forbidden.filter((each) => each.startsWith(prefix))) {
    const refused = { target, credentialId: name.slice(prefix.length) };
    await coolDown(needs, refused, { failure, cooldownMs: refusedCooldownMs, isRefused: true });
  }
}
