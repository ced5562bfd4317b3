/** Limits on the number of attempts and the waits between them. */
export interface RetryPolicy {
  /** Attempts in total, the first included. */
  readonly maxAttempts: number;
  /** Growth of the delay: `base × 2ⁿ`, or `base × (n + 1)`. */
  readonly backoff: 'exponential' | 'linear';
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** Base and maximum delay for answers with status 429 ("too many requests"). */
  readonly rateLimitBaseDelayMs: number;
  readonly rateLimitMaxDelayMs: number;
  /** Jitter as a fraction of the delay: 0.25 is ± 25 %. */
  readonly jitter: number;
  /** Bounds of a random time that is added to each delay. */
  readonly randomDelayMinMs: number;
  readonly randomDelayMaxMs: number;
  /** Attempts at the request's first target before another target is tried. */
  readonly sameTarget: number;
  /** Longest total wait of one request for preferred targets in cooldown or with an open circuit, in ms. */
  readonly waitForPreferredMs: number;
}

/** Maximum time of a request over all its attempts. */
export interface TotalTimeouts {
  /** Limit for a whole answer. */
  readonly totalMs: number;
  /** Limit for a streamed answer. */
  readonly streamTotalMs: number;
}

/** A named policy with its own timeouts. */
export interface RetryPreset extends RetryPolicy {
  /** Timeouts of the preset; undefined if the preset sets none. */
  readonly totals: TotalTimeouts | undefined;
}

/** Caps and the slower schedule for rate limits; only `default` defines its own. */
const delays = { maxDelayMs: 10_000, rateLimitBaseDelayMs: 1000, rateLimitMaxDelayMs: 30_000 } as const;
/** Fallback behaviour: a fallback is tried at once. */
const fallback = { sameTarget: 1, waitForPreferredMs: 0 } as const;
const noRandomDelay = { randomDelayMinMs: 0, randomDelayMaxMs: 0 } as const;
const randomDelay = { randomDelayMinMs: 100, randomDelayMaxMs: 500 } as const;

/**
 * Policies that can be chosen by name.
 *
 * `secure` gives a whole answer less time than `balanced` does (60 s instead of 120 s). This is intended: the presets
 * keep the numbers that existing users expect.
 */
export const retryPresets = {
  default: {
    maxAttempts: 5,
    backoff: 'exponential',
    baseDelayMs: 100,
    ...delays,
    ...fallback,
    jitter: 0.25,
    ...noRandomDelay,
    totals: undefined,
  },
  fast: {
    maxAttempts: 2,
    backoff: 'exponential',
    baseDelayMs: 200,
    ...delays,
    ...fallback,
    jitter: 0,
    ...randomDelay,
    totals: { totalMs: 10_000, streamTotalMs: 60_000 },
  },
  balanced: {
    maxAttempts: 4,
    backoff: 'exponential',
    baseDelayMs: 1000,
    ...delays,
    ...fallback,
    jitter: 0,
    ...randomDelay,
    totals: { totalMs: 120_000, streamTotalMs: 300_000 },
  },
  secure: {
    maxAttempts: 6,
    backoff: 'exponential',
    baseDelayMs: 2000,
    ...delays,
    ...fallback,
    // At least the delay for other failures.
    rateLimitBaseDelayMs: 2000,
    jitter: 0,
    ...randomDelay,
    totals: { totalMs: 60_000, streamTotalMs: 600_000 },
  },
  linear: {
    maxAttempts: 4,
    backoff: 'linear',
    baseDelayMs: 1000,
    ...delays,
    ...fallback,
    jitter: 0,
    ...noRandomDelay,
    totals: undefined,
  },
} as const satisfies Record<string, RetryPreset>;

/** Name of a policy in {@link retryPresets}. */
export type RetryMode = keyof typeof retryPresets;
