import { setTimeout as sleep } from 'node:timers/promises';
import { isToStay, nextStep, plainBackoffMs, type Standing, targetName, toClientError } from '@sluice/policy';
import type { GatewayError, RetryState, UpstreamFailure } from '@sluice/protocol';
import type { RunProgress, RunNeeds } from './progress.ts';
import { end, giveUp } from './end-run.ts';
import type { Outcome } from './claimed-run.ts';
import { finalError, tooLate } from './final-error.ts';
import { withoutCall } from '../attempt/attempt-result.ts';
import type { Target } from '../targets/targets.ts';

/** Longest wait in the worker, for requests whose attempts keep notes: another run would not have them. */
const longestWaitMs = 10_000;
/** Requests that wait for the same target come back within this time of each other, not at the same instant. */
const spreadMs = 50;

/** Ends a round in which every target had its chance; undefined: another round begins. */
export async function waitOrFail(needs: RunNeeds, progress: RunProgress): Promise<Outcome | undefined> {
  const { execution, plan, tally, state } = progress;
  if (progress.extended !== undefined) return end(progress, progress.extended.end);
  const standings = plan.standings();
  const remainingMs = execution.remainingMs();
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

/** Waits for a preferred target, although a fallback could be called. */
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
 * After a failure at the target that is to be tried again before any other (`retry.same_target`): the back-off.
 * Undefined if the request is to go on to another target at once.
 */
export function backOffAt(
  { policy, random }: RunNeeds,
  progress: RunProgress,
  { target, failure }: { readonly target: Target; readonly failure: UpstreamFailure },
): Promise<Outcome | undefined> | undefined {
  const { execution, tally, plan } = progress;
  if (!isToStay(progress.state, targetName(target)) || !plan.hasAnother(target, progress.state)) return undefined;
  const standings: Standing[] = [{ kind: 'failed', retryAfterMs: failure.retryAfterMs }];
  const state = tally.into(progress.state);
  const step = nextStep({ policy, state, standings, remainingMs: execution.remainingMs(), random });
  // A fallback answers sooner than a target that wants to be left alone for longer than our own back-off.
  if (step.kind === 'fail' || step.delayMs > policy.maxDelayMs + policy.randomDelayMaxMs) return undefined;
  return pause(progress, { ...step, error: toClientError(failure), baseDelayMs: baseDelayOf({ policy }, state) });
}

interface Pause {
  readonly delayMs: number;
  readonly state: RetryState;
  /** The client's error if there were no other try. */
  readonly error: GatewayError;
  readonly baseDelayMs?: number | undefined;
}

/**
 * A wait would hold a worker's slot: the ingress gets the request back with the time to wait. Only a request whose
 * attempts keep notes waits here, for a short time; then another round begins.
 */
async function pause(
  progress: RunProgress,
  { delayMs, state: counted, error, baseDelayMs }: Pause,
): Promise<Outcome | undefined> {
  const { execution, plan, memory } = progress;
  const state = { ...counted, away: plan.awayAfter(delayMs) };
  if (memory.notes.size === 0 || delayMs > longestWaitMs) return { kind: 'retry', delayMs, state, error, baseDelayMs };
  await sleep(delayMs, undefined, { signal: execution.active.signal }).catch(() => undefined);
  if (execution.active.signal.aborted) return giveUp(progress, withoutCall({ kind: 'aborted' }));
  progress.state = state;
  plan.beginRound(state);
  return undefined;
}
