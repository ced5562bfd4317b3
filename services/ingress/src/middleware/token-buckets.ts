/** Rate limits of this process, a bucket for each name: a key, an address. A bucket that is full again is removed. */
export interface TokenBuckets {
  /** True if less than one token is left. */
  isEmpty(name: string): boolean;
  /** Takes tokens. The debt is at most one full bucket. */
  take(name: string, tokens: number): void;
  /** Milliseconds until the bucket has a token again. */
  waitMs(name: string): number;
}

export interface TokenBucketOptions {
  readonly perMinute: number;
  /** Tokens in a full bucket. */
  readonly burst: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Maximum number of buckets; the one used longest ago is removed for a new one. */
const maxNames = 10_000;

export function createTokenBuckets({ perMinute, burst, now }: TokenBucketOptions): TokenBuckets {
  const perMs = perMinute / 60_000;
  /** Time at which each bucket is full again, on the clock `now`. */
  const fullAt = new Map<string, number>();

  function levelOf(name: string): number {
    return burst - Math.max(0, (fullAt.get(name) ?? 0) - now()) * perMs;
  }

  return {
    isEmpty: (name) => levelOf(name) < 1,
    take(name, tokens) {
      const level = Math.max(-burst, levelOf(name) - tokens);
      // Moves the bucket to the end of the map, which is in the order of last use.
      fullAt.delete(name);
      fullAt.set(name, now() + (burst - level) / perMs);
      const [oldest] = fullAt.keys();
      if (oldest !== undefined && (fullAt.size > maxNames || (fullAt.get(oldest) ?? 0) <= now())) fullAt.delete(oldest);
    },
    waitMs: (name) => Math.max(0, Math.ceil((1 - levelOf(name)) / perMs)),
  };
}
