import { connect } from '@sluice/redis';
import { afterFile, type RedisServer, startRedis, until } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiKey } from '../sluice.ts';
import { type Scene, startScene } from './scene.ts';

/** The attempts of one request, as counted by the provider and by the client. */
interface Cost {
  readonly rid: string;
  readonly status: number;
  readonly isWhole: boolean;
  /** Calls that reached the provider. */
  readonly calls: number;
  /** The value of `x-sluice-attempts`; undefined where the header was absent. */
  readonly attempts: number | undefined;
}

interface Question {
  readonly model: string;
  readonly stream: boolean;
}

let redis: RedisServer;
let scene: Scene;
let asked = 0;

/** Models for a whole answer, a stream, and a stream whose first token takes a while. */
const mixed: readonly Question[] = [
  { model: 'demo-t3', stream: false },
  { model: 'demo-t3', stream: true },
  { model: 'demo-f400-t3', stream: true },
];

function startFleet(workers: number, config: Readonly<Record<string, unknown>> = {}): void {
  beforeAll(async () => {
    // The variable gets the server of the next fleet before the ending of this one runs.
    const server = await startRedis();
    afterFile(server.stop);
    redis = server;
    scene = await startScene({ ingresses: 1, workers, config, redis: { url: redis.url }, redisUrl: redis.url });
  });
}

async function ask({ model, stream }: Question): Promise<Omit<Cost, 'calls'>> {
  const rid = `r9${asked++}x`;
  const response = await fetch(`${scene.url()}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: `rid=${rid}` }] }),
  });
  const text = await response.text();
  const attempts = response.headers.get('x-sluice-attempts');
  return {
    rid,
    status: response.status,
    isWhole: response.status === 200 && (!stream || text.includes('data: [DONE]')),
    attempts: attempts === null ? undefined : Number(attempts),
  };
}

const askMany = (count: number, question: Question): ReturnType<typeof ask>[] =>
  Array.from({ length: count }, () => ask(question));

/** Sends a request every 40 ms for this time. */
async function askEvenly(forMs: number, questions: readonly Question[]): Promise<ReturnType<typeof ask>[]> {
  const startedAt = performance.now();
  const asking: ReturnType<typeof ask>[] = [];
  await until(
    () => {
      const sinceMs = performance.now() - startedAt;
      while (asking.length * 40 < Math.min(sinceMs, forMs)) {
        const question = questions[asking.length % questions.length];
        if (question !== undefined) asking.push(ask(question));
      }
      return sinceMs >= forMs;
    },
    { what: 'all requests to be sent', timeoutMs: forMs + 5000, intervalMs: 5 },
  );
  return asking;
}

async function costsOf(asking: readonly ReturnType<typeof ask>[]): Promise<Cost[]> {
  const costs = await Promise.all(asking);
  const calls = new Map<string, number>();
  for (const { body } of await scene.simulator.calls()) {
    const rid = /rid=(r9\d+x)/.exec(body)?.[1] ?? '';
    calls.set(rid, (calls.get(rid) ?? 0) + 1);
  }
  return costs.map((cost) => ({ ...cost, calls: calls.get(cost.rid) ?? 0 }));
}

/** Returns the requests whose answer reports another number of attempts than the provider received. */
const uncounted = (costs: readonly Cost[]): Cost[] =>
  costs.filter(({ calls, attempts = Math.min(calls, 1) }) => calls !== attempts);

const notOnce = (costs: readonly Cost[]): Cost[] =>
  costs.filter(({ isWhole, calls, attempts }) => !isWhole || calls !== 1 || attempts !== 1);

/** Makes Redis run a command. */
async function tellRedis(command: 'FLUSHALL' | 'SAVE'): Promise<void> {
  const settings = { kind: 'single', url: redis.url } as const;
  const connection = connect({ settings, role: 'blocking', name: 'test', onError: () => undefined });
  await connection.call(command);
  connection.disconnect();
}

const toAll = (kind: 'ingresses' | 'workers', signal: NodeJS.Signals): void => {
  for (const each of scene.fleet[kind]) each.kill(signal);
};

async function untilQueued(count: number): Promise<void> {
  await until(
    async () => {
      const page = await (await fetch(scene.fleet.ingresses[0]?.metricsUrl ?? '')).text();
      return Number(/sluice_queue_jobs\{[^}]*waiting[^}]*\} (\d+)/.exec(page)?.[1]) === count;
    },
    { what: `${count} jobs to wait` },
  );
}

const untilCalled = (count: number, before: number): Promise<unknown> =>
  until(async () => (await scene.simulator.calls()).length - before >= count, { what: `${count} calls` });

const passed = (ms: number): Promise<unknown> => {
  const since = performance.now();
  return until(() => performance.now() - since >= ms, { what: `${ms} ms`, timeoutMs: ms + 1000, intervalMs: 20 });
};

describe('F52 requests in the second after Redis has lost its data', () => {
  startFleet(2);

  it.each([1, 2, 3, 4])('run once where it forgets everything at once (%i)', async () => {
    await tellRedis('FLUSHALL');
    expect(notOnce(await costsOf(await askEvenly(1200, mixed)))).toEqual([]);
  });

  it.each([1, 2, 3, 4])('run once where it is killed and comes back empty (%i)', async () => {
    await redis.kill();
    await redis.restart();
    expect(notOnce(await costsOf(await askEvenly(1200, mixed)))).toEqual([]);
  });

  it('run once where it forgets everything again and again', async () => {
    const asking = askEvenly(2500, mixed);
    for (const _ of [1, 2, 3, 4]) {
      await tellRedis('FLUSHALL');
      await passed(500);
    }
    const costs = await costsOf(await asking);
    expect(uncounted(costs)).toEqual([]);
    await scene.expectInvariants({ leaseMs: 30_000 });
  });

  it('have each attempt counted where it is killed while they run', async () => {
    const asking = await askEvenly(400, mixed);
    await redis.kill();
    await redis.restart();
    expect(uncounted(await costsOf([...asking, ...(await askEvenly(400, mixed))]))).toEqual([]);
  });
});

describe('F53 Redis returns in its state from before a worker began', () => {
  startFleet(2);

  it('running runs are not started again', async () => {
    toAll('workers', 'SIGSTOP');
    const asking = askMany(10, { model: 'demo-f1500-t3', stream: true });
    await untilQueued(10);
    await tellRedis('SAVE');
    const before = (await scene.simulator.calls()).length;
    toAll('workers', 'SIGCONT');
    await untilCalled(10, before);
    await redis.kill();
    await redis.restart();
    expect(notOnce(await costsOf(asking))).toEqual([]);
  });

  it('runs without a frame at the ingress are not started again', async () => {
    toAll('workers', 'SIGSTOP');
    const asking = askMany(10, { model: 'demo-f2500-t3', stream: true });
    await untilQueued(10);
    await tellRedis('SAVE');
    const before = (await scene.simulator.calls()).length;
    toAll('ingresses', 'SIGSTOP');
    toAll('workers', 'SIGCONT');
    await untilCalled(10, before);
    await redis.kill();
    await redis.restart();
    toAll('ingresses', 'SIGCONT');
    expect(notOnce(await costsOf(asking))).toEqual([]);
  });

  it('answers that are lost on their way count as attempts', async () => {
    toAll('workers', 'SIGSTOP');
    const asking = askMany(10, { model: 'demo-t3', stream: false });
    await untilQueued(10);
    await tellRedis('SAVE');
    toAll('ingresses', 'SIGSTOP');
    toAll('workers', 'SIGCONT');
    await until(async () => (await scene.simulator.stats()).open === 0, { what: 'all calls to end' });
    await passed(300);
    await redis.kill();
    await redis.restart();
    toAll('ingresses', 'SIGCONT');
    const costs = await costsOf(asking);
    expect(uncounted(costs)).toEqual([]);
    expect(costs.map(({ isWhole, calls }) => [isWhole, calls])).toEqual(costs.map(() => [true, 2]));
  });

  it('requests without a started run are served as usual', async () => {
    toAll('workers', 'SIGSTOP');
    const asking = askMany(10, { model: 'demo-t3', stream: true });
    await untilQueued(10);
    await tellRedis('SAVE');
    await redis.kill();
    await redis.restart();
    toAll('workers', 'SIGCONT');
    expect(notOnce(await costsOf(asking))).toEqual([]);
  });
});
