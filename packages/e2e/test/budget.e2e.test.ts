import { connect, type RedisConnection } from '@sluice/redis';
import { afterFile, startRedis } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Sluice, startSluice } from './sluice.ts';
import { openStream, post, readAnswer } from './traffic.ts';

/** Enough requests that the idle traffic of the processes (heartbeats, renewals) hardly counts on an idle machine. */
const rounds = 100;
const atOnce = 20;
/** The slower the machine, the more idle traffic falls into a measurement. It only adds, so the lowest result is the cost. */
const measurements = 3;

let redis: RedisConnection;
let sluice: Sluice;
beforeAll(async () => {
  const server = await startRedis();
  afterFile(() => server.stop());
  const settings = { kind: 'single', url: server.url } as const;
  redis = connect({ settings, role: 'blocking', name: 'test', onError: () => undefined });
  afterFile(() => redis.disconnect());
  sluice = await startSluice({ ingresses: 1, workers: 1, redis: { url: server.url } });
});

/** Cost of one request in Redis, on average. */
interface Cost {
  readonly scripts: number;
  /** Number of commands, those inside scripts included. */
  readonly commands: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

async function counters(): Promise<Cost> {
  const info = await redis.info('everything');
  const read = (pattern: RegExp): number => Number(pattern.exec(info)?.[1] ?? 0);
  return {
    scripts: read(/^cmdstat_evalsha:calls=(\d+)/m),
    commands: read(/^total_commands_processed:(\d+)/m),
    bytesIn: read(/^total_net_input_bytes:(\d+)/m),
    bytesOut: read(/^total_net_output_bytes:(\d+)/m),
  };
}

async function lowestCostOf(ask: () => Promise<unknown>): Promise<Cost> {
  await ask();
  const costs: Cost[] = [];
  while (costs.length < measurements) costs.push(await costOf(ask));
  const lowest = (name: keyof Cost): number => Math.min(...costs.map((cost) => cost[name]));
  return {
    scripts: lowest('scripts'),
    commands: lowest('commands'),
    bytesIn: lowest('bytesIn'),
    bytesOut: lowest('bytesOut'),
  };
}

async function costOf(ask: () => Promise<unknown>): Promise<Cost> {
  const before = await counters();
  for (let done = 0; done < rounds; done += atOnce) await Promise.all(Array.from({ length: atOnce }, ask));
  const after = await counters();
  const each = (name: keyof Cost): number => Math.round((after[name] - before[name]) / rounds);
  return { scripts: each('scripts'), commands: each('commands'), bytesIn: each('bytesIn'), bytesOut: each('bytesOut') };
}

// The measured value stands behind each budget. A change that raises a budget gives its reason here. Of the nine scripts
// of a request alone, four serve all requests of a turn of the event loop: the more requests in a turn, the fewer scripts.
describe('the cost of a request in Redis', () => {
  it.each<[string, () => Promise<unknown>, Cost]>([
    [
      'in one piece',
      async () => (await post(sluice, { model: 'demo-t16' })).text(),
      // 6, 67, 6277, 2673
      { scripts: 7, commands: 80, bytesIn: 7500, bytesOut: 3500 },
    ],
    [
      'as a stream of 32 tokens, one every 5 ms',
      async () => {
        const answer = await openStream(sluice, { model: 'demo-t32-i5' });
        await answer.finish();
        expect(readAnswer(answer).isDone).toBe(true);
      },
      // 6, 73, 17062, 12864; up to 40 more batches of 60 bytes of overhead each, on an idle machine
      { scripts: 7, commands: 150, bytesIn: 30_000, bytesOut: 22_000 },
    ],
    [
      'with a prompt of 64 KB',
      async () => (await post(sluice, { model: 'demo-t16', content: 'x'.repeat(65_536) })).text(),
      // 6, 69, 72000, 68253: the prompt is written once and read once
      { scripts: 7, commands: 80, bytesIn: 76_000, bytesOut: 72_000 },
    ],
  ])('%s stays within its budget', async (_what, ask, budget) => {
    const cost = await lowestCostOf(ask);
    for (const name of ['scripts', 'commands', 'bytesIn', 'bytesOut'] as const) {
      expect(cost[name], `${name} of ${JSON.stringify(cost)}`).toBeLessThanOrEqual(budget[name]);
    }
    expect(cost.scripts).toBeGreaterThan(0);
  });
});
