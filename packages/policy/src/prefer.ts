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
  /** Upstream events that were passed on before it failed. */
  readonly events: number;
}

/**
 * Counts a failed try at the target that a request was sent to first. While it has tries left, it is asked again before
 * any other; once it has none, or another target was asked, the request does not stay.
 */
export function countTry({ policy, state, target, failure, events }: FailedTry): RetryState {
  if (policy.sameTarget <= 1) return state;
  const { staysAt = { target, triesLeft: policy.sameTarget } } = state;
  if (staysAt.target !== target) return { ...state, staysAt: { ...staysAt, triesLeft: 0 } };
  // The client has waited for a silent target once, an answer that can't be read comes again, and an answer that broke
  // off has an order of its own.
  const isOver = failure.kind === 'timeout' || isSpoiled(failure) || events > 0;
  return { ...state, staysAt: { target, triesLeft: isOver ? 0 : Math.max(0, staysAt.triesLeft - 1) } };
}

/** A request whose first target does not serve it, stays nowhere. */
export const endStay = (state: RetryState): RetryState =>
  state.staysAt === undefined ? state : { ...state, staysAt: { ...state.staysAt, triesLeft: 0 } };

/** Returns whether the request is to be sent to this target again before any other. */
export const isToStay = ({ staysAt }: RetryState, target: string): boolean =>
  staysAt?.target === target && staysAt.triesLeft > 0;

export interface PreferredFacts {
  readonly policy: Pick<RetryPolicy, 'waitForPreferredMs'>;
  readonly state: RetryState;
  /** The standings of the targets that come before the fallback. */
  readonly preferred: readonly Standing[];
  /** Until the request's deadline. */
  readonly remainingMs: number;
}

/** A short wait means that another request probes the circuit: it is looked at no more often than this. */
const shortestWaitMs = 50;

/**
 * The wait for the first of the preferred targets to come back, before a fallback is called; undefined: no wait, because
 * one of them has failed, or none comes back within the time that the policy leaves.
 */
export function preferredWaitMs({ policy, state, preferred, remainingMs }: PreferredFacts): number | undefined {
  // After a wait every target is asked anew: the one that failed, too soon and at the cost of another attempt.
  if (preferred.some(({ kind }) => kind === 'failed')) return undefined;
  const waits = preferred.flatMap((each) => (each.kind === 'cooling' || each.kind === 'open' ? [each.waitMs] : []));
  if (waits.length === 0) return undefined;
  const waitMs = Math.max(shortestWaitMs, Math.min(...waits));
  return waitMs <= policy.waitForPreferredMs - state.preferredWaitMs && waitMs < remainingMs ? waitMs : undefined;
}
