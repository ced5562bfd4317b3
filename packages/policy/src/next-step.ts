import type { RetryState } from '@sluice/protocol';
import { backoffMs } from './backoff.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** State of one target at the end of a round in which every target was considered. */
export type Standing =
  /** The target failed but may succeed later; `retryAfterMs` is the provider's own request. */
  | { readonly kind: 'failed'; readonly retryAfterMs: number | undefined }
  /** The target's credentials are in cooldown; the first cooldown ends after `waitMs`. */
  | { readonly kind: 'cooling'; readonly waitMs: number }
  /** The target's circuit is open; the target may be tried again after `waitMs`. */
  | { readonly kind: 'open'; readonly waitMs: number; readonly cause?: string | undefined }
  /** The target does not serve this request, or accepts none of its credentials. */
  | { readonly kind: 'refused' };

export type NextStep =
  | { readonly kind: 'wait'; readonly delayMs: number; readonly state: RetryState }
  /**
   * Ends the request. `cooling`: the only credentials left are in cooldown beyond the deadline. `open`: only open
   * circuits are left. `exhausted`: the attempts, or the time for another one, are used up.
   */
  | {
      readonly kind: 'fail';
      readonly reason: 'cooling' | 'open' | 'exhausted' | 'refused';
      readonly retryAfterMs?: number;
    };

export interface RoundEnd {
  readonly policy: RetryPolicy;
  readonly state: RetryState;
  readonly standings: readonly Standing[];
  /** Time until the request's deadline. */
  readonly remainingMs: number;
  /** Gives numbers in [0, 1). */
  readonly random: () => number;
}

/** Spread (ms) of the requests that wait for the same credential, so that they do not return at the same instant. */
const spreadMs = 50;
/** Maximum number of times that a request waits for the probe of an open circuit. */
const mostCircuitWaits = 8;

/** Decides the next step of a request whose targets have all failed, are in cooldown or have an open circuit. */
export function nextStep({ policy, state, standings, remainingMs, random }: RoundEnd): NextStep {
  if (state.attempts >= policy.maxAttempts) return { kind: 'fail', reason: 'exhausted' };
  if (standings.every(({ kind }) => kind === 'refused')) return { kind: 'fail', reason: 'refused' };

  const hasFailed = standings.some(({ kind }) => kind === 'failed');
  const backoff = backoffMs(policy, { schedule: 'transient', waits: state.waits, random });
  const failedMs = least(
    // A provider may ask for a longer wait than the back-off, never for a shorter one.
    standings.map((each) => (each.kind === 'failed' ? Math.max(backoff, each.retryAfterMs ?? 0) : undefined)),
  );
  const coolingMs = least(standings.map((each) => (each.kind === 'cooling' ? each.waitMs : undefined)));
  const openMs = least(standings.map((each) => (each.kind === 'open' ? each.waitMs : undefined)));
  const isOnlyOpen = !hasFailed && coolingMs === Number.POSITIVE_INFINITY;
  if (isOnlyOpen && state.circuitWaits >= mostCircuitWaits) {
    return { kind: 'fail', reason: 'open', retryAfterMs: openMs };
  }
  // A short wait means that another request probes the circuit: the checks get less and less frequent.
  const circuitMs = isOnlyOpen
    ? Math.max(openMs, backoffMs(policy, { schedule: 'transient', waits: state.circuitWaits, random }))
    : openMs;
  const delayMs = Math.min(failedMs, Math.min(coolingMs, circuitMs) + spreadMs * random());
  if (delayMs < remainingMs) {
    return { kind: 'wait', delayMs: Math.ceil(delayMs), state: waited(state, { hasFailed, isOnlyOpen }) };
  }
  if (hasFailed) return { kind: 'fail', reason: 'exhausted', retryAfterMs: delayMs };
  return coolingMs <= openMs
    ? { kind: 'fail', reason: 'cooling', retryAfterMs: coolingMs }
    : { kind: 'fail', reason: 'open', retryAfterMs: openMs };
}

const least = (times: readonly (number | undefined)[]): number =>
  Math.min(Number.POSITIVE_INFINITY, ...times.flatMap((ms) => (ms === undefined ? [] : [ms])));

function waited(state: RetryState, { hasFailed, isOnlyOpen }: Record<'hasFailed' | 'isOnlyOpen', boolean>): RetryState {
  if (hasFailed) return { ...state, waits: state.waits + 1 };
  return isOnlyOpen ? { ...state, circuitWaits: state.circuitWaits + 1 } : state;
}
