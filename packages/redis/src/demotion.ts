/** Leaves a server that has become a replica: its address may lead to the new master by then. */
export interface Demotion {
  /** Callback for ioredis: 2 = reconnect and repeat the failed command, 1 = reconnect and let it fail. */
  readonly reconnectOnError: (error: Error) => 2 | 1 | false;
  /** Returns the delay before the n-th reconnection. */
  readonly delayMs: (tries: number) => number;
  /** Records that a node of a cluster was left; ioredis asks for no delay there. */
  readonly nodeLeft: () => void;
}

export interface DemotionNeeds {
  /** Returns the delay after this number of failed attempts. */
  readonly waitMs: (tries: number) => number;
  /**
   * True: repeats failed commands in every round while there is no master. False: only in the first round, because the
   * callers of this connection give up soon, and no command must be kept without a waiting caller.
   */
  readonly isPatient: boolean;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Errors of a demoted server. A replica answers a write with `READONLY`, in Redis 6 inside a script's error;
 * `UNBLOCKED` ends a blocked read when its master becomes a replica.
 */
const signs = [/(?:^|\s-)READONLY\b/, /^UNBLOCKED\b/];

/** Time (ms) without such an error after which the server counts as a master again. */
const calmMs = 5000;

/**
 * Counts the rounds of a connection to a replica, which opens normally and fails at the first write. The rounds count
 * as failed attempts, so that a fleet does not reconnect at full speed while there is no master.
 */
export function createDemotion({ waitMs, isPatient, now }: DemotionNeeds): Demotion {
  let rounds = 0;
  let lastAt = -Infinity;
  let isSentAway = false;
  const isCalm = (): boolean => now() - lastAt > calmMs;

  /** Returns whether the connection ended because of a demotion. */
  function endRound(): boolean {
    if (!isSentAway) return false;
    isSentAway = false;
    rounds = isCalm() ? 1 : rounds + 1;
    lastAt = now();
    return true;
  }

  return {
    reconnectOnError(error) {
      if (!isDemoted(error)) return false;
      isSentAway = true;
      return isPatient || isCalm() ? 2 : 1;
    },
    delayMs: (tries) => waitMs(endRound() ? Math.max(tries, rounds) : tries),
    nodeLeft: () => void endRound(),
  };
}

const isDemoted = (error: Error): boolean => signs.some((sign) => sign.test(error.message));
