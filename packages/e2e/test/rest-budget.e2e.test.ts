import { setTimeout as delay } from 'node:timers/promises';
import { connect, type RedisConnection } from '@sluice/redis';
import { afterFile, type SseAnswer, startRedis } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Counts,
  countsOf,
  countsOfRedis,
  isCounted,
  type ProcessCount,
  type RedisCount,
} from './process-counts.ts';
import { type Sluice, startSluice } from './sluice.ts';
import { startedStream, untilOccupied } from './traffic.ts';

const heartbeatMs = 2000;
/** Long enough for the work that comes every few seconds: heartbeats, and the renewals of leases and of BullMQ's locks. */
const windowMs = 4000;
/** Other work of the machine only adds wake-ups and splits batches, so the lowest result is the cost. */
const measurements = 3;
const silentStreams = 200;
const speakingStreams = 20;
const atOnce = 20;
const longTest = 120_000;

/** The counts of the whole product. */
interface Work {
  readonly ingress: Counts<ProcessCount>;
  readonly worker: Counts<ProcessCount>;
  readonly redis: Counts<RedisCount>;
}

let redis: RedisConnection;
let sluice: Sluice;
/** Counts of a second without requests. */
let idle: Work;

async function work(): Promise<Work> {
  const [ingress] = sluice.fleet.ingresses;
  const [worker] = sluice.fleet.workers;
  if (ingress === undefined || worker === undefined) throw new Error('the fleet has no ingress or no worker');
  return { ingress: countsOf(ingress.pid), worker: countsOf(worker.pid), redis: await countsOfRedis(redis) };
}

type Combine = (values: readonly number[]) => number;

/** Combines several counts number by number. */
function combined(works: readonly Work[], combine: Combine): Work {
  const of = <Name extends string>(counts: readonly Counts<Name>[], name: Name): number =>
    combine(counts.map((each) => each[name]));
  const ofProcess = (counts: readonly Counts<ProcessCount>[]): Counts<ProcessCount> => ({
    wakeUps: of(counts, 'wakeUps'),
    reads: of(counts, 'reads'),
    writes: of(counts, 'writes'),
  });
  const ofRedis = works.map((each) => each.redis);
  return {
    ingress: ofProcess(works.map((each) => each.ingress)),
    worker: ofProcess(works.map((each) => each.worker)),
    redis: { reads: of(ofRedis, 'reads'), writes: of(ofRedis, 'writes'), commands: of(ofRedis, 'commands') },
  };
}

/** Returns the lowest counts of several windows, divided by the units that `units` counts up. */
async function lowestPer(units: () => number): Promise<Work> {
  const works: Work[] = [];
  while (works.length < measurements) {
    const [before, unitsBefore] = [await work(), units()];
    await delay(windowMs);
    const [after, passed] = [await work(), units() - unitsBefore];
    works.push(combined([before, after], ([first = 0, last = 0]) => (last - first) / passed));
  }
  return combined(works, (values) => Math.min(...values));
}

const seconds = (): number => performance.now() / 1000;

async function withStreams(model: string, count: number, measure: (streams: SseAnswer[]) => Promise<void>) {
  const streams: SseAnswer[] = [];
  const start = async (): Promise<void> => void streams.push(await startedStream(sluice, { model }));
  while (streams.length < count) await Promise.all(Array.from({ length: atOnce }, start));
  await untilOccupied(sluice, { running: count, waiting: 0 });
  try {
    await measure(streams);
  } finally {
    await Promise.all(streams.map((stream) => stream.leave()));
    await untilOccupied(sluice, { running: 0, waiting: 0 });
  }
}

/** Returns the counts that exceed their budget. */
const excessOf = (cost: Work, budget: Work): string[] =>
  (['ingress', 'worker', 'redis'] as const).flatMap((part) => {
    const most = new Map(Object.entries<number>(budget[part]));
    return Object.entries<number>(cost[part])
      .filter(([name, count]) => count > (most.get(name) ?? 0))
      .map(([name, count]) => `${part}: ${count} ${name}`);
  });

beforeAll(async () => {
  if (!isCounted) return;
  const server = await startRedis();
  afterFile(() => server.stop());
  const settings = { kind: 'single', url: server.url } as const;
  redis = connect({ settings, role: 'blocking', name: 'test', onError: () => undefined });
  afterFile(() => redis.disconnect());
  const config = { server: { heartbeat_ms: heartbeatMs }, limits: { max_concurrent_requests: silentStreams } };
  sluice = await startSluice({ ingresses: 1, workers: 1, redis: { url: server.url }, config });
  await (await startedStream(sluice, { model: 'demo-t2' })).finish();
  // `untilOccupied` reads the status page, and for a minute after that a worker reports its upstreams twice a second.
  await untilOccupied(sluice, { running: 0, waiting: 0 });
  idle = await lowestPer(seconds);
}, longTest);

// The measured value stands behind each budget. A change that raises a budget gives its reason here.
describe.skipIf(!isCounted)('the work', () => {
  it('of a product without streams is a few commands a second', () => {
    const budget = {
      // 61, 8, 8 · 57, 6, 6 · 14, 14, 29: 50 samples of the event loop's lag, liveness, rosters, mailbox, the empty queue
      ingress: { wakeUps: 80, reads: 15, writes: 15 },
      worker: { wakeUps: 80, reads: 15, writes: 15 },
      redis: { reads: 30, writes: 30, commands: 60 },
    };
    expect(excessOf(idle, budget)).toEqual([]);
  });

  it('of a silent stream is its heartbeats', { timeout: longTest }, async () => {
    await withStreams('demo-t2-stall-k1', silentStreams, async () => {
      const all = await lowestPer(seconds);
      const cost = combined([idle, all], ([none = 0, open = 0]) => (open - none) / silentStreams);
      const beats = 1000 / heartbeatMs;
      const budget = {
        // 0, 0, 0.47 · 0, 0, 0 · 0, 0, 1.2. Heartbeats of all streams share their wake-ups; renewals of leases and of
        // BullMQ's locks are a command for each stream, in a script for all.
        ingress: { wakeUps: 0.1, reads: 0.02, writes: beats + 0.1 },
        worker: { wakeUps: 0.1, reads: 0.02, writes: 0.02 },
        redis: { reads: 0.02, writes: 0.02, commands: 2 },
      };
      expect(excessOf(cost, budget)).toEqual([]);
      expect(cost.ingress.writes).toBeGreaterThan(beats / 2);
    });
  });

  it('of a token is an XADD, an XREAD, and its way in and out', { timeout: longTest }, async () => {
    await withStreams('demo-t100000-i100-each', speakingStreams, async (streams) => {
      const readers = streams.map((stream) => stream.finish());
      const tokens = (): number => streams.reduce((sum, { text }) => sum + text.split('data:').length - 1, 0);
      const cost = await lowestPer(tokens);
      expect(cost.ingress.writes).toBeGreaterThan(0.5);
      const budget = {
        // 0.1, 0.1, 0.93 · 0.1, 1, 0.1 · 0.2, 0.2, 0.4 while tokens come together. Alone, a token wakes each process for
        // the message with it and takes an XADD, an XREAD, and a read and a write outside.
        ingress: { wakeUps: 1.5, reads: 1.2, writes: 2.2 },
        worker: { wakeUps: 2.5, reads: 2.2, writes: 1.2 },
        redis: { reads: 2.2, writes: 2.2, commands: 2.5 },
      };
      expect(excessOf(cost, budget)).toEqual([]);
      await Promise.all(streams.map((stream) => stream.leave()));
      await Promise.all(readers);
    });
  });
});
