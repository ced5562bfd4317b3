import type { RetryState, UpstreamFailure } from '@sluice/protocol';
import { isSpoiled } from './classify.ts';
import type { Standing } from './next-step.ts';
import type { RetryPolicy } from './retry-policy.ts';

export interface FailedTry {
  readonly policy: Pick<RetryPolicy, 'sameTarget'>;
  readonly state: RetryState;
  /** Name of the target that failed. */
  readonly target: string;
  readonly failure: UpstreamFailure;
  /** Number of upstream events that were passed on before the failure. */
  readonly events: number;
}

/**
 * Counts a failed attempt at the request's first target. While that target has tries left, it is tried again before any
 * other. Once it has none, or another target was tried, the request may move to any target.
 */
export function countTry({ policy, state, target, failure, events }: FailedTry): RetryState {
  if (policy.sameTarget <= 1) return state;
  const { staysAt = { target, triesLeft: policy.sameTarget } } = state;
  if (staysAt.target !== target) return { ...state, staysAt: { ...staysAt, triesLeft: 0 } };
  // A silent target has cost the client one wait already, an unreadable answer would come again, and a broken answer
  // has its own order of targets.
  const isOver = failure.kind === 'timeout' || isSpoiled(failure) || events > 0;
  return { ...state, staysAt: { target, triesLeft: isOver ? 0 : Math.max(0, staysAt.triesLeft - 1) } };
}

/** Ends the preference for the request's first target, because that target does not serve the request. */
export const endStay = (state: RetryState): RetryState =>
  state.staysAt === undefined ? state : { ...state, staysAt: { ...state.staysAt, triesLeft: 0 } };

/** Returns whether this target must be tried again before any other. */
export const isToStay = ({ staysAt }: RetryState, target: string): boolean =>
  staysAt?.target === target && staysAt.triesLeft > 0;

export interface PreferredFacts {
  readonly policy: Pick<RetryPolicy, 'waitForPreferredMs'>;
  readonly state: RetryState;
  /** States of the targets that come before the fallback. */
  readonly preferred: readonly Standing[];
  /** Time until the request's deadline. */
  readonly remainingMs: number;
}

/**
 * Shortest wait (ms): a short one means that another request probes the circuit, and limits how often it is checked.
 */
const shortestWaitMs = 50;

/**
 * Returns the wait until the first of the preferred targets is available, before a fallback is tried. Undefined: no
 * wait, because one of them has failed, or none becomes available within the time that the policy leaves.
 */
export function preferredWaitMs({ policy, state, preferred, remainingMs }: PreferredFacts): number | undefined {
  // After a wait every target is tried anew, including the failed one: too soon, and for one more attempt.
  if (preferred.some(({ kind }) => kind === 'failed')) return undefined;
  const waits = preferred.flatMap((each) => (each.kind === 'cooling' || each.kind === 'open' ? [each.waitMs] : []));
  if (waits.length === 0) return undefined;
  const waitMs = Math.max(shortestWaitMs, Math.min(...waits));
  return waitMs <= policy.waitForPreferredMs - state.preferredWaitMs && waitMs < remainingMs ? waitMs : undefined;
}
