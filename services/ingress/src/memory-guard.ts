/** Tells whether this process uses more memory than it may. */
export interface MemoryGuard {
  isFull(): boolean;
}

export interface MemoryGuardNeeds {
  /** Undefined = no limit. */
  readonly limitBytes: number | undefined;
  /**
   * Objects and buffers, garbage included. Not the resident set: that stays as large as it once was, so that a process
   * that was full would refuse for ever.
   */
  readonly usedBytes: () => number;
  /** Frees what nothing refers to any more. It holds the process up: 50 ms for 400 MB. */
  readonly collect: () => void;
  /** The process uses more than it may, also after a collection. */
  readonly onFull: (usedBytes: number) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** A measurement counts for so long. */
const measuredMs = 200;
/** Only a collection tells what is garbage; until the next one its verdict stays. */
const collectEveryMs = 5000;
/** After a collection that found room: a burst may fill the process within seconds. */
const collectAgainMs = 1000;
/** So far above the limit it is not garbage alone. */
const certainlyFull = 1.5;

export function createMemoryGuard({ limitBytes, usedBytes, collect, onFull, now }: MemoryGuardNeeds): MemoryGuard {
  let measuredAt = -Infinity;
  let collectedAt = -Infinity;
  let isFull = false;

  function measure(limit: number): boolean {
    const before = usedBytes();
    if (before <= limit) return false;
    if (now() - collectedAt < (isFull ? collectEveryMs : collectAgainMs))
      return isFull || before > certainlyFull * limit;
    collect();
    collectedAt = now();
    const used = usedBytes();
    if (used > limit) onFull(used);
    return used > limit;
  }

  return {
    isFull() {
      if (limitBytes !== undefined && now() - measuredAt >= measuredMs) {
        measuredAt = now();
        isFull = measure(limitBytes);
      }
      return isFull;
    },
  };
}
