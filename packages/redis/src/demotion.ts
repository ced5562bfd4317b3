/** Leaves a server that has become a replica: what leads to it may lead to the new master by then. */
export interface Demotion {
  /** For ioredis: 2 = connect anew, and send the command that failed again. */
  readonly reconnectOnError: (error: Error) => 2 | false;
  /** Time to wait before the n-th reconnection. */
  readonly delayMs: (tries: number) => number;
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
 *
 * @param waitMs time to wait after so many failed tries
 * @param now monotonic milliseconds
 */
export function createDemotion(waitMs: (tries: number) => number, now: () => number): Demotion {
  let rounds = 0;
  let lastAt = -Infinity;
  let isSentAway = false;
  return {
    reconnectOnError(error) {
      if (!isDemoted(error)) return false;
      isSentAway = true;
      return 2;
    },
    delayMs(tries) {
      if (isSentAway) {
        rounds = now() - lastAt > calmMs ? 1 : rounds + 1;
        lastAt = now();
      }
      const isOfDemotion = isSentAway;
      isSentAway = false;
      return waitMs(isOfDemotion ? Math.max(tries, rounds) : tries);
    },
  };
}

const isDemoted = (error: Error): boolean => signs.some((sign) => sign.test(error.message));
