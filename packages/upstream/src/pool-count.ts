import type { Agent } from 'undici';

/** Connections of one upstream at one moment. */
export interface PoolCount {
  /** Number of open connections, including idle ones. */
  readonly open: number;
  /** Number of calls that wait for a connection to open or to become free. */
  readonly waiting: number;
}

/** Sums up undici's own counters. */
export function countPools(agents: readonly Agent[]): PoolCount {
  const stats = agents.flatMap((agent) => Object.values(agent.stats));
  return {
    open: stats.reduce((sum, { connected }) => sum + Number(connected), 0),
    waiting: stats.reduce((sum, { pending }) => sum + pending, 0),
  };
}
