/** Rates of this process by name: a key, an address. Buckets that are full again are forgotten. */
export interface TokenBuckets {
  /** Returns whether there is less than one token left. */
  isEmpty(name: string): boolean;
  /** Takes so many, down to a debt of a full bucket. */
  take(name: string, tokens: number): void;
  /** Milliseconds until there is a token again. */
  waitMs(name: string): number;
}

export interface TokenBucketOptions {
  readonly perMinute: number;
  /** Tokens in a full bucket. */
  readonly burst: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Names that are remembered at once; beyond that the ones that came first are forgotten. */
const maxNames = 10_000;

export function createTokenBuckets({ perMinute, burst, now }: TokenBucketOptions): TokenBuckets {
  const perMs = perMinute / 60_000;
  /** The time at which each bucket is full again. */
  const fullAt = new Map<string, number>();

  function levelOf(name: string): number {
    return burst - Math.max(0, (fullAt.get(name) ?? 0) - now()) * perMs;
  }

  return {
    isEmpty: (name) => levelOf(name) < 1,
    take(name, tokens) {
      const level = Math.max(-burst, levelOf(name) - tokens);
      // Set anew, so that the order of the map is that of the last use.
      fullAt.delete(name);
      fullAt.set(name, now() + (burst - level) / perMs);
      const [oldest] = fullAt.keys();
      if (oldest !== undefined && (fullAt.size > maxNames || (fullAt.get(oldest) ?? 0) <= now())) fullAt.delete(oldest);
    },
    waitMs: (name) => Math.max(0, Math.ceil((1 - levelOf(name)) / perMs)),
  };
}
