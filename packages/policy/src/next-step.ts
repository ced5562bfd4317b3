import type { RetryState } from '@sluice/protocol';
import { backoffMs } from './backoff.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** The standing of one target at the end of a round in which every target had its chance. */
export type Standing =
  /** It failed, but may do better later; `retryAfterMs` is its own wish. */
  | { readonly kind: 'failed'; readonly retryAfterMs: number | undefined }
  /** Its credentials are in cooldown; the first is back after `waitMs`. */
  | { readonly kind: 'cooling'; readonly waitMs: number }
  /** Its circuit is open; it may be tried again after `waitMs`. */
  | { readonly kind: 'open'; readonly waitMs: number; readonly cause?: string | undefined }
  /** It will not serve this request, or none of its credentials is accepted. */
  | { readonly kind: 'refused' };

export type NextStep =
  | { readonly kind: 'wait'; readonly delayMs: number; readonly state: RetryState }
  /**
   * No more tries. `cooling`: only credentials in cooldown are left and the deadline comes first. `open`: only open
   * circuits. `exhausted`: the allowed attempts, or the time for another, are used up.
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
  /** Until the request's deadline. */
  readonly remainingMs: number;
  /** Gives numbers in [0, 1). */
  readonly random: () => number;
}

/** Waiters for the same credential come back within this time of each other, not at the same instant. */
const spreadMs = 50;
/** A request waits at most this often for the probe of an open circuit. */
const mostCircuitWaits = 8;

/** Decides the next step of a request whose targets have all been tried, are in cooldown or have an open circuit. */
export function nextStep({ policy, state, standings, remainingMs, random }: RoundEnd): NextStep {
  if (state.attempts >= policy.maxAttempts) return { kind: 'fail', reason: 'exhausted' };
  if (standings.every(({ kind }) => kind === 'refused')) return { kind: 'fail', reason: 'refused' };

  const hasFailed = standings.some(({ kind }) => kind === 'failed');
  const backoff = backoffMs(policy, { schedule: 'transient', waits: state.waits, random });
  const failedMs = least(
    // A provider may ask us to stay away for longer than our own back-off, never to come sooner.
    standings.map((each) => (each.kind === 'failed' ? Math.max(backoff, each.retryAfterMs ?? 0) : undefined)),
  );
  const coolingMs = least(standings.map((each) => (each.kind === 'cooling' ? each.waitMs : undefined)));
  const openMs = least(standings.map((each) => (each.kind === 'open' ? each.waitMs : undefined)));
  const isOnlyOpen = !hasFailed && coolingMs === Number.POSITIVE_INFINITY;
  if (isOnlyOpen && state.circuitWaits >= mostCircuitWaits) {
    return { kind: 'fail', reason: 'open', retryAfterMs: openMs };
  }
  // A short wait means that another request probes the circuit: look less and less often.
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
