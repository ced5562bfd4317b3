import type { RedisConnection } from './connect.ts';

/** Availability of Redis, as one connection sees it. */
export interface Presence {
  readonly isUp: boolean;
  /** True if Redis has been away for longer than a reconnection takes; a command would only cost time. */
  readonly isAway: boolean;
}

/** Grace time in ms: twice the duration of the first reconnection attempts. */
const graceMs = 300;

/** @param now monotonic milliseconds */
export function watchPresence(connection: RedisConnection, now: () => number): Presence {
  const isUp = (): boolean => connection.status === 'ready';
  let lostAt = isUp() ? undefined : -Infinity;
  connection.on('ready', () => (lostAt = undefined));
  connection.on('close', () => (lostAt ??= now()));
  return {
    get isUp() {
      return isUp();
    },
    get isAway() {
      return !isUp() && lostAt !== undefined && now() - lostAt > graceMs;
    },
  };
}
