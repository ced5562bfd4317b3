import { afterFile, type MovableRedis, startMovableRedis, until } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Sluice, startSluice } from './sluice.ts';
import { freshPage, post } from './traffic.ts';

let redis: MovableRedis;
let sluice: Sluice;
beforeAll(async () => {
  redis = await startMovableRedis();
  afterFile(() => redis.stop());
  sluice = await startSluice({ ingresses: 1, workers: 1, redis: { url: redis.url } });
});

interface Seen {
  readonly ready: readonly number[];
  readonly redisUp: readonly (string | undefined)[];
}

/** Reads the probes and metrics of both services. */
async function look(): Promise<Seen> {
  const processes = [...sluice.fleet.ingresses, ...sluice.fleet.workers];
  return {
    ready: await Promise.all(processes.map(async ({ url }) => (await fetch(`${url}/readyz`)).status)),
    redisUp: await Promise.all(
      processes.map(async ({ managementUrl }) => /^sluice_redis_up (\d)$/m.exec(await freshPage(managementUrl))?.[1]),
    ),
  };
}

describe('a Redis that becomes a replica behind its address', () => {
  it('makes both services unready, in probes and metrics, until the address leads to a master again', async () => {
    expect((await post(sluice, { model: 'demo-t3' })).status).toBe(200);
    expect(await look()).toEqual({ ready: [200, 200], redisUp: ['1', '1'] });
    await redis.demote();
    await until(async () => (await look()).ready.every((status) => status === 503), {
      what: 'both services to be unready',
      timeoutMs: 15_000,
    });
    expect((await post(sluice, { model: 'demo-t3' })).status).toBe(503);
    expect((await look()).redisUp).toEqual(['0', '0']);
    redis.moveAddress();
    await until(async () => (await look()).ready.every((status) => status === 200), {
      what: 'both services to be ready',
      timeoutMs: 15_000,
    });
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(sluice, { model: 'demo-t3' })));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect((await look()).redisUp).toEqual(['1', '1']);
  });
});
