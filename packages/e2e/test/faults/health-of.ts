import { afterFile } from '@sluice/testkit';
import { createUpstreamHealth, type UpstreamHealth } from '@sluice/upstream-health';
import { connect, createKeys } from '@sluice/redis';

/** The health of upstreams according to the fleet's Redis. */
export interface FleetHealth {
  readonly health: Pick<UpstreamHealth, 'cooldowns' | 'lift' | 'circuit' | 'closeCircuit'>;
  /** Remaining lifetime of each key of an upstream, in milliseconds; -1 without an end. */
  lives(upstreamId: string): Promise<number[]>;
}

/** Reads the Redis of the one fleet that uses it, as `npm run cooldowns` does. */
export async function healthOf(redisUrl: string): Promise<FleetHealth> {
  const connection = connect({
    settings: { kind: 'single', url: redisUrl },
    role: 'command',
    name: 'test',
    onError: () => undefined,
  });
  afterFile(() => connection.disconnect());
  const [prefix = ''] = (await connection.keys('*:{adm}:*')).map((name) => name.slice(0, name.indexOf(':{adm}')));
  const health = createUpstreamHealth({
    connection,
    keys: createKeys(prefix),
    circuit: { failures: 5, windowMs: 30_000, openMs: 5000 },
    maxCooldownMs: 3_600_000,
    probeMs: 60_000,
  });
  return {
    health,
    async lives(upstreamId) {
      const names = await connection.keys(`${prefix}:{up:${upstreamId}}:*`);
      return await Promise.all(names.map((name) => connection.pttl(name)));
    },
  };
}
