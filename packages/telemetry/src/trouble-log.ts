import type { Logger } from './logger.ts';

/** Time (ms) for which a logged error is only counted. */
const quietMs = 10_000;

/**
 * Creates a log for errors that may occur by the thousand while a dependency is away: logs each message once, and then
 * its count, every ten seconds at most.
 * @param now monotonic milliseconds
 */
export function createTroubleLog(logger: Pick<Logger, 'warn'>, message: string, now: () => number) {
  const seen = new Map<string, { loggedAt: number; since: number }>();
  return (error: unknown): void => {
    const kind = error instanceof Error ? error.message.slice(0, 100) : String(error).slice(0, 100);
    const known = seen.get(kind);
    if (known !== undefined && now() - known.loggedAt < quietMs) {
      known.since++;
      return;
    }
    if (seen.size > 100) seen.clear();
    seen.set(kind, { loggedAt: now(), since: 0 });
    logger.warn(
      { err: error, ...(known === undefined || known.since === 0 ? {} : { repeated: known.since }) },
      message,
    );
  };
}
