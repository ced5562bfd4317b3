import type { RetryPolicy } from './retry-policy.ts';

/** Back-off schedule; rate limits have their own, slower one. */
export type Schedule = 'transient' | 'rate_limit';

/**
 * Returns the wait before the next attempt: `base × 2ⁿ` (or `base × (n + 1)`), capped, then ± jitter, then the random
 * extra of the policy; never above the cap plus that extra. Formula and numbers: see `retryPresets`.
 *
 * @param waits earlier waits of this schedule; 0 for the first
 * @param random gives numbers in [0, 1)
 */
export function backoffMs(
  policy: RetryPolicy,
  { schedule, waits, random }: { schedule: Schedule; waits: number; random: () => number },
): number {
  const capMs = schedule === 'rate_limit' ? policy.rateLimitMaxDelayMs : policy.maxDelayMs;
  const cappedMs = plainBackoffMs(policy, { schedule, waits });
  const jitteredMs = Math.min(capMs, cappedMs * (1 + policy.jitter * (2 * random() - 1)));
  const extraMs = policy.randomDelayMinMs + (policy.randomDelayMaxMs - policy.randomDelayMinMs) * random();
  return Math.round(jitteredMs + extraMs);
}

/** Returns the same wait without jitter and random extra. */
export function plainBackoffMs(
  policy: RetryPolicy,
  { schedule, waits }: { schedule: Schedule; waits: number },
): number {
  const [baseMs, capMs] =
    schedule === 'rate_limit'
      ? [policy.rateLimitBaseDelayMs, policy.rateLimitMaxDelayMs]
      : [policy.baseDelayMs, policy.maxDelayMs];
  const grownMs = policy.backoff === 'linear' ? baseMs * (waits + 1) : baseMs * 2 ** Math.min(waits, 30);
  return Math.min(capMs, grownMs);
}
