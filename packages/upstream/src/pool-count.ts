import type { Agent } from 'undici';

/** The connections of one upstream at one moment. */
export interface PoolCount {
  /** Connections that are open, idle ones too. */
  readonly open: number;
  /** Calls that wait: for a connection to open, or for one to be free. */
  readonly waiting: number;
}

/** Adds up what undici counts anyway. */
export function countPools(agents: readonly Agent[]): PoolCount {
  const stats = agents.flatMap((agent) => Object.values(agent.stats));
  return {
    open: stats.reduce((sum, { connected }) => sum + Number(connected), 0),
    waiting: stats.reduce((sum, { pending }) => sum + pending, 0),
  };
}
