/** The limits on how often and how patiently a request is tried. */
export interface RetryPolicy {
  /** Calls to upstreams in total, the first included. */
  readonly maxAttempts: number;
  /** Growth of the delay: `base × 2ⁿ`, or `base × (n + 1)`. */
  readonly backoff: 'exponential' | 'linear';
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** The same pair for answers that say "too many requests". */
  readonly rateLimitBaseDelayMs: number;
  readonly rateLimitMaxDelayMs: number;
  /** Part of the delay by which it strays to either side: 0.25 is ± 25 %. */
  readonly jitter: number;
  /** Each delay is made longer by a random time between these two. */
  readonly randomDelayMinMs: number;
  readonly randomDelayMaxMs: number;
  /** Tries at the target that a request is sent to first, before another is asked. */
  readonly sameTarget: number;
  /** The longest wait of one request, over all of them, for a preferred target that is in cooldown or whose circuit is open. */
  readonly waitForPreferredMs: number;
}

/** Maximum time that a request may take over all its attempts. */
export interface TotalTimeouts {
  /** For an answer in one piece. */
  readonly wholeMs: number;
  /** For a streamed answer. */
  readonly streamMs: number;
}

/** A policy by name, with the time-outs that belong to it. */
export interface RetryPreset extends RetryPolicy {
  /** Undefined where the preset has no opinion. */
  readonly totals: TotalTimeouts | undefined;
}

/** Caps and the slower schedule for rate limits; no preset but `default` came with its own. */
const delays = { maxDelayMs: 10_000, rateLimitBaseDelayMs: 1000, rateLimitMaxDelayMs: 30_000 } as const;
/** A fallback is asked at once. */
const fallback = { sameTarget: 1, waitForPreferredMs: 0 } as const;
const noRandomDelay = { randomDelayMinMs: 0, randomDelayMaxMs: 0 } as const;
const randomDelay = { randomDelayMinMs: 100, randomDelayMaxMs: 500 } as const;

/**
 * The policies that may be chosen by name.
 *
 * `secure` gives a whole answer less time than `balanced` does (60 s, not 120 s). That is no slip of ours: its numbers
 * are kept as its users know them.
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
    totals: { wholeMs: 10_000, streamMs: 60_000 },
  },
  balanced: {
    maxAttempts: 4,
    backoff: 'exponential',
    baseDelayMs: 1000,
    ...delays,
    ...fallback,
    jitter: 0,
    ...randomDelay,
    totals: { wholeMs: 120_000, streamMs: 300_000 },
  },
  secure: {
    maxAttempts: 6,
    backoff: 'exponential',
    baseDelayMs: 2000,
    ...delays,
    ...fallback,
    // Not below the delay for other failures.
    rateLimitBaseDelayMs: 2000,
    jitter: 0,
    ...randomDelay,
    totals: { wholeMs: 60_000, streamMs: 600_000 },
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
