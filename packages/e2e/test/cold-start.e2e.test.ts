import { existsSync, readFileSync } from 'node:fs';
import { afterFile, spawnService, startRedis } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { apiKey, upstream } from './sluice.ts';

const starts = 5;
/** A worker waits for 500 ms after its start, until all ingresses know it: `untilKnownMs` in its `worker.ts`. */
const mostMs = { ingress: 1000, worker: 1500 } as const;
const hasSchedulerStatistics = existsSync('/proc/self/schedstat');

/** Returns the time (ms) for which the main thread of a process was ready to run and got no CPU. */
function waitedMs(pid: number): number {
  const [, waitedNs] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
  return Number(waitedNs) / 1_000_000;
}

/**
 * Returns the time from the start of a process to its readiness on a machine without other work: the time for which it
 * waited for a CPU does not count.
 */
async function startMs(name: 'ingress' | 'worker', redisUrl: string): Promise<number> {
  const config = {
    keys: [{ name: 'test', key: apiKey, models: ['*'] }],
    upstreams: [upstream('sim', 'http://127.0.0.1:9')],
    models: [{ id: '*', targets: [{ upstream: 'sim' }] }],
    redis: { url: redisUrl },
  };
  const startedAt = performance.now();
  const service = await spawnService(name, { config, mode: 'dist' });
  const totalMs = performance.now() - startedAt;
  const ms = totalMs - waitedMs(service.pid);
  await service.stop();
  return ms;
}

describe.skipIf(!hasSchedulerStatistics)('a cold start', () => {
  it.each(['ingress', 'worker'] as const)(
    'of the %s takes a second at most, apart from its waits',
    { timeout: 240_000 },
    async (name) => {
      const { url, stop } = await startRedis();
      afterFile(stop);
      // Fills Node's compile cache, as the first start of a new version does.
      await startMs(name, url);
      const times: number[] = [];
      while (times.length < starts) times.push(await startMs(name, url));
      const median = times.toSorted((a, b) => a - b)[Math.floor(starts / 2)];
      expect(median, `ms of ${times.map(Math.round).join(', ')}`).toBeLessThan(mostMs[name]);
    },
  );
});
