import type { RetryState } from '@sluice/protocol';
import { backoffMs } from './backoff.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** How one target stands at the end of a round in which every target had its chance. */
export type Standing =
  /** It failed, but may do better later; `retryAfterMs` is its own wish. */
  | { readonly kind: 'failed'; readonly retryAfterMs: number | undefined }
  /** Its credentials rest; the first is back after `waitMs`. */
  | { readonly kind: 'cooling'; readonly waitMs: number }
  /** Its circuit is open; it may be tried again after `waitMs`. */
  | { readonly kind: 'open'; readonly waitMs: number }
  /** It will not serve this request, or none of its credentials is accepted. */
  | { readonly kind: 'refused' };

export type NextStep =
  | { readonly kind: 'wait'; readonly delayMs: number; readonly state: RetryState }
  /**
   * No more tries. `cooling`: only resting credentials are left and the deadline comes first. `open`: only open
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

/** Decides what becomes of a request whose targets have all been tried, are resting or have an open circuit. */
export function nextStep({ policy, state, standings, remainingMs, random }: RoundEnd): NextStep {
  if (state.attempts >= policy.maxAttempts) return { kind: 'fail', reason: 'exhausted' };
  if (standings.every(({ kind }) => kind === 'refused')) return { kind: 'fail', reason: 'refused' };

  const backoff = backoffMs(policy, { schedule: 'transient', waits: state.waits, random });
  let delayMs = Number.POSITIVE_INFINITY;
  let openMs = Number.POSITIVE_INFINITY;
  let coolingMs = Number.POSITIVE_INFINITY;
  let hasFailed = false;
  for (const standing of standings) {
    if (standing.kind === 'failed') {
      hasFailed = true;
      delayMs = Math.min(delayMs, standing.retryAfterMs ?? backoff);
    } else if (standing.kind === 'cooling') {
      coolingMs = Math.min(coolingMs, standing.waitMs);
    } else if (standing.kind === 'open') {
      openMs = Math.min(openMs, standing.waitMs);
    }
  }
  const isOnlyOpen = !hasFailed && coolingMs === Number.POSITIVE_INFINITY;
  // Who has not cost an upstream anything yet is better refused at once than parked before a broken target; who has,
  // may see whether it comes back, but not for ever.
  if (isOnlyOpen && (state.attempts === 0 || state.waits >= policy.maxAttempts)) {
    return { kind: 'fail', reason: 'open', retryAfterMs: openMs };
  }
  const restMs = Math.min(coolingMs, openMs) + spreadMs * random();
  delayMs = Math.min(delayMs, restMs);
  if (delayMs < remainingMs) {
    return { kind: 'wait', delayMs: Math.ceil(delayMs), state: hasFailed || isOnlyOpen ? waited(state) : state };
  }
  if (hasFailed) return { kind: 'fail', reason: 'exhausted', retryAfterMs: delayMs };
  return coolingMs <= openMs
    ? { kind: 'fail', reason: 'cooling', retryAfterMs: coolingMs }
    : { kind: 'fail', reason: 'open', retryAfterMs: openMs };
}

const waited = (state: RetryState): RetryState => ({ ...state, waits: state.waits + 1 });
