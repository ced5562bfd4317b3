/** Leaves a server that has become a replica: what leads to it may lead to the new master by then. */
export interface Demotion {
  /** For ioredis: connect anew, and 2 = send the command that failed again, 1 = let it fail. */
  readonly reconnectOnError: (error: Error) => 2 | 1 | false;
  /** Time to wait before the n-th reconnection. */
  readonly delayMs: (tries: number) => number;
  /** To be told that a node of a cluster was left; ioredis asks for no delay there. */
  readonly nodeLeft: () => void;
}

export interface DemotionNeeds {
  /** Time to wait after so many failed tries. */
  readonly waitMs: (tries: number) => number;
  /**
   * Send what failed again in every round, for as long as there is no master. Without it only in the first round: whoever
   * asks through this connection gives up soon, and nothing is to be kept for later that nobody waits for.
   */
  readonly isPatient: boolean;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * `READONLY` is what a replica answers to a write, in Redis 6 within the error of a script; `UNBLOCKED` what ends a
 * blocked read when its master becomes a replica.
 */
const signs = [/(?:^|\s-)READONLY\b/, /^UNBLOCKED\b/];

/** A server that has not sent us away for so long is taken for a master again. */
const calmMs = 5000;

/**
 * A connection to a replica opens without trouble and fails with the first write: the number of such rounds counts like
 * failed tries, so that a fleet does not connect anew as fast as it can for as long as there is no master.
 */
export function createDemotion({ waitMs, isPatient, now }: DemotionNeeds): Demotion {
  let rounds = 0;
  let lastAt = -Infinity;
  let isSentAway = false;
  const isCalm = (): boolean => now() - lastAt > calmMs;

  /** Says whether the connection that ended was left for a demotion. */
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
