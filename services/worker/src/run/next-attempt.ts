import type { Candidate } from './plan.ts';
import { offerCredentials } from './offer-credentials.ts';
import type { NextAttempt, RunNeeds, RunProgress } from './progress.ts';
import { coolDownForbidden } from './judge.ts';

/** The next step of a run. `none`: no target may be called now. */
export type Next =
  | { readonly kind: 'attempt'; readonly attempt: NextAttempt }
  /** A preferred target is available soon: the request waits for it. */
  | { readonly kind: 'wait'; readonly delayMs: number }
  | { readonly kind: 'none' };

const none: Next = { kind: 'none' };

/** Chooses the next attempt: an extension of the answer, the same credential again, or the next target of the plan. */
export async function nextAttempt(needs: RunNeeds, progress: RunProgress): Promise<Next> {
  const { claimedRun, tally, answer, plan, again } = progress;
  // The provider would bill a call after the deadline, and the client would get nothing.
  if (claimedRun.remainingMs() <= 0) return none;
  if (progress.extended !== undefined) return extend(needs, progress, progress.extended);
  if (tally.attempts >= needs.policy.maxAttempts) return none;
  progress.again = undefined;
  const found = again === undefined ? await plan.next(progress.state) : ({ kind: 'call', candidate: again } as const);
  if (found?.kind !== 'call') return found ?? none;
  const { candidate } = found;
  const number = tally.begin();
  const opening = answer.begin(candidate, progress.state, () => onAnswer(needs, progress, candidate));
  return { kind: 'attempt', attempt: { candidate, number, opening } };
}

/** Another attempt at the same target, on a credential that is free now. */
async function extend(
  needs: RunNeeds,
  progress: RunProgress,
  { candidate: { target, fitted, dropped } }: NonNullable<RunProgress['extended']>,
): Promise<Next> {
  const { claimedRun, tally, answer, state } = progress;
  if (tally.extensions >= target.maxContinuations) return none;
  const offer = offerCredentials(target, fitted, state);
  if (offer.ids.length === 0) return none;
  const ref = { upstreamId: target.upstream, model: target.model };
  // Without Redis no credential can be chosen; the answer so far is delivered without an extension.
  const choice = await needs.health.choose(ref, offer.ids, claimedRun.job).catch(needs.onError).finally(offer.close);
  if (choice?.kind !== 'go') return none;
  const candidate: Candidate = { target, fitted, dropped, ...choice };
  const number = tally.extend();
  const opening = answer.extend(candidate, progress.state, () => onAnswer(needs, progress, candidate));
  return { kind: 'attempt', attempt: { candidate, number, opening } };
}

function onAnswer(needs: RunNeeds, { claimedRun: { job }, state }: RunProgress, candidate: Candidate): void {
  const { target, credentialId, isProbe, hasFailures } = candidate;
  const ref = { upstreamId: target.upstream, model: target.model };
  if (isProbe || hasFailures) needs.health.recovered(ref, { tenant: job.tenant, credentialId }).catch(needs.onError);
  coolDownForbidden(needs, candidate, state).catch(needs.onError);
}
