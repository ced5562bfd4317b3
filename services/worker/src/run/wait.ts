import { setTimeout as sleep } from 'node:timers/promises';
import { isToStay, nextStep, plainBackoffMs, type Standing, targetName, toClientError } from '@sluice/policy';
import type { GatewayError, RetryState, UpstreamFailure } from '@sluice/protocol';
import type { RunProgress, RunNeeds } from './progress.ts';
import { end, giveUp } from './end-run.ts';
import type { Outcome } from './claimed-run.ts';
import { finalError, tooLate } from './final-error.ts';
import { withoutCall } from '../attempt/attempt-result.ts';
import type { Target } from '../targets/targets.ts';

/** Longest wait in the worker, for requests whose attempts keep notes: another run does not have the notes. */
const longestWaitMs = 10_000;
/** Requests that wait for the same target return spread over this time, not at the same instant. */
const spreadMs = 50;

/** Ends a round in which every target was tried. Returns undefined if another round begins. */
export async function endRound(needs: RunNeeds, progress: RunProgress): Promise<Outcome | undefined> {
  const { claimedRun, plan, tally, state } = progress;
  if (progress.extended !== undefined) return end(progress, progress.extended.end);
  const standings = plan.standings();
  const remainingMs = claimedRun.remainingMs();
  const lastFailure = state.lastFailure ?? plan.misfit;
  if (remainingMs <= 0) {
    const error = toClientError(lastFailure ?? tooLate);
    return { kind: 'error', error, attempts: tally.calls(), events: 0, lastFailure: state.lastFailure };
  }
  const { policy, random } = needs;
  const step = nextStep({ policy, state: tally.into(state), standings, remainingMs, random });
  const error = finalError({ step, lastFailure, standings });
  if (step.kind === 'fail') {
    return { kind: 'error', error, attempts: tally.calls(), events: 0, lastFailure: state.lastFailure };
  }
  const hasFailed = standings.some(({ kind }) => kind === 'failed');
  return pause(progress, { ...step, error, baseDelayMs: hasFailed ? baseDelayOf(needs, state) : undefined });
}

const baseDelayOf = ({ policy }: Pick<RunNeeds, 'policy'>, { waits }: RetryState): number =>
  plainBackoffMs(policy, { schedule: 'transient', waits });

/** Waits for a preferred target, although a fallback is available. */
export function waitForPreferred(
  { random }: RunNeeds,
  progress: RunProgress,
  { delayMs }: { readonly delayMs: number },
): Promise<Outcome | undefined> {
  const { plan, tally } = progress;
  const standings = plan.standings();
  const state = tally.into(progress.state);
  const step = {
    kind: 'wait',
    delayMs: Math.ceil(delayMs + spreadMs * random()),
    state: { ...state, preferredWaitMs: state.preferredWaitMs + delayMs },
  } as const;
  return pause(progress, { ...step, error: finalError({ step, lastFailure: state.lastFailure, standings }) });
}

/**
 * Waits for the back-off after a failure at a target that is tried again before any other (`retry.same_target`).
 * Returns undefined if the next attempt goes to another target at once.
 */
export function backOffAt(
  { policy, random }: RunNeeds,
  progress: RunProgress,
  { target, failure }: { readonly target: Target; readonly failure: UpstreamFailure },
): Promise<Outcome | undefined> | undefined {
  const { claimedRun, tally, plan } = progress;
  if (!isToStay(progress.state, targetName(target)) || !plan.hasAnother(target, progress.state)) return undefined;
  const standings: Standing[] = [{ kind: 'failed', retryAfterMs: failure.retryAfterMs }];
  const state = tally.into(progress.state);
  const step = nextStep({ policy, state, standings, remainingMs: claimedRun.remainingMs(), random });
  // A fallback answers sooner than a target whose `retry-after` is longer than our own back-off.
  if (step.kind === 'fail' || step.delayMs > policy.maxDelayMs + policy.randomDelayMaxMs) return undefined;
  return pause(progress, { ...step, error: toClientError(failure), baseDelayMs: baseDelayOf({ policy }, state) });
}

interface Pause {
  readonly delayMs: number;
  readonly state: RetryState;
  /** The error that the client gets if no further try follows. */
  readonly error: GatewayError;
  readonly baseDelayMs?: number | undefined;
}

/**
 * Gives the request back to the ingress with the time to wait, so that the wait does not occupy the worker. Only a
 * request whose attempts keep notes waits here, for a short time; then another round begins.
 */
async function pause(
  progress: RunProgress,
  { delayMs, state: counted, error, baseDelayMs }: Pause,
): Promise<Outcome | undefined> {
  const { claimedRun, plan, memory } = progress;
  const state = { ...counted, away: plan.awayAfter(delayMs) };
  if (memory.notes.size === 0 || delayMs > longestWaitMs) return { kind: 'retry', delayMs, state, error, baseDelayMs };
  await sleep(delayMs, undefined, { signal: claimedRun.active.signal }).catch(() => undefined);
  if (claimedRun.active.signal.aborted) return giveUp(progress, withoutCall({ kind: 'aborted' }));
  progress.state = state;
  plan.beginRound(state);
  return undefined;
}
