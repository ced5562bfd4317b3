/** Times of the vault, in milliseconds. */
export interface VaultTimes {
  /** Lease of a renewer; a renewer that does not report within this time counts as dead. */
  readonly lease: number;
  /** Time limit of one renewal: shorter than the lease, so that the token is stored within it. */
  readonly obtain: number;
  /** Time for which an attempt waits for its token. */
  readonly wait: number;
  /** Interval between two checks whether another worker has finished. */
  readonly poll: number;
  /** Time after a failed renewal before the next one. */
  readonly cooldown: number;
  /** Time after a failed renewal that only a person can fix. */
  readonly refusedCooldown: number;
  /** Interval between two attempts to store a token while Redis is away. */
  readonly storeRetry: number;
}

export const usualTimes: VaultTimes = {
  lease: 20_000,
  obtain: 15_000,
  wait: 30_000,
  poll: 50,
  cooldown: 5000,
  refusedCooldown: 60_000,
  storeRetry: 300,
};
