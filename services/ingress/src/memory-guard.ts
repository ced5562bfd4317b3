/** Reports whether this process is over its memory limit. */
export interface MemoryGuard {
  isFull(): boolean;
}

export interface MemoryGuardNeeds {
  /** Undefined = no limit. */
  readonly limitBytes: number | undefined;
  /**
   * Bytes of objects and buffers, garbage included. Not the resident set: it does not shrink, so a process that was
   * full once would refuse for ever.
   */
  readonly usedBytes: () => number;
  /** Collects the garbage. This blocks the process: 50 ms for 400 MB. */
  readonly collect: () => void;
  /** Called when the process is over the limit even after a collection. */
  readonly onFull: (usedBytes: number) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Validity of a measurement. */
const measuredMs = 200;
/**
 * Interval of collections while the process is full. Only a collection shows how much is garbage, so its result stays.
 */
const collectEveryMs = 5000;
/** Interval after a collection that found room: a burst can fill the process within seconds. */
const collectAgainMs = 1000;
/** Multiple of the limit that garbage alone can't explain. */
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
