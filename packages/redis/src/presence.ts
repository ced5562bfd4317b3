import type { RedisConnection } from './connect.ts';

/** The presence of Redis, as one connection sees it. */
export interface Presence {
  readonly isUp: boolean;
  /** True while it is away for longer than a connection takes to come back; asking it then only costs time. */
  readonly isAway: boolean;
}

/** Twice what the first tries to reconnect take. */
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
