import type { RedisConnection } from '@sluice/redis';
import type { Fleet, RedisServer, ServiceProcess } from '@sluice/testkit';

/** Faults during the audit. */
export interface Disturber {
  /** URLs of the ingresses that live. */
  urls(): readonly string[];
  /** Kills a random replica with SIGKILL and starts another one. */
  killReplica(): Promise<void>;
  /** Kills Redis with SIGKILL and starts it again with its append-only file. */
  killRedis(): Promise<void>;
  /** Adds what waits in the outboxes for the database to them once more. */
  deliverAgain(): Promise<void>;
  readonly counts: {
    readonly ingresses: number;
    readonly workers: number;
    readonly redis: number;
    readonly again: number;
  };
}

export interface DisturberNeeds {
  readonly fleet: Fleet;
  readonly server: RedisServer;
  readonly redis: RedisConnection;
  readonly dice: () => number;
}

export function createDisturber({ fleet, server, redis, dice }: DisturberNeeds): Disturber {
  const dead = new Set<ServiceProcess>();
  const counts = { ingresses: 0, workers: 0, redis: 0, again: 0 };
  const alive = (all: readonly ServiceProcess[]): readonly ServiceProcess[] => all.filter((each) => !dead.has(each));

  return {
    counts,
    urls: () => alive(fleet.ingresses).map(({ url }) => url),
    async killReplica() {
      const name = dice() < 0.4 ? 'ingress' : 'worker';
      const living = alive(name === 'ingress' ? fleet.ingresses : fleet.workers);
      const victim = living[Math.floor(dice() * living.length)];
      if (victim === undefined || living.length < 2) return;
      dead.add(victim);
      victim.kill('SIGKILL');
      counts[name === 'ingress' ? 'ingresses' : 'workers']++;
      await fleet.add(name);
    },
    async killRedis() {
      counts.redis++;
      await server.kill();
      await server.restart();
    },
    async deliverAgain() {
      const streams = (await redis.keys('*')).filter((key) => /\{adm\}:ledger$|:outbox:\{attempts\}$/.test(key));
      for (const key of streams) {
        for (const [, fields] of await redis.xrange(key, '-', '+')) {
          await redis.xadd(key, '*', ...fields);
          counts.again++;
        }
      }
    },
  };
}
