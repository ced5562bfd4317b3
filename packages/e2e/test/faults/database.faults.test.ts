import { connectStore, type Store } from '@sluice/store';
import { afterFile, type PostgresServer, type RedisServer, startPostgres, startRedis, until } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { metric } from '../traffic.ts';
import { askEvenly, type Timed } from './ask.ts';
import { kill, outcomesOf, type Scene, startScene } from './scene.ts';

/** Time without the database. `SLUICE_DATABASE_OUTAGE_MINUTES=10` makes it that of the promise. */
const outageMs = Number(process.env['SLUICE_DATABASE_OUTAGE_MINUTES'] ?? '0.25') * 60_000;
/** An outage of ten minutes at this rate leaves 6,000 requests to catch up with. */
const perSecond = 10;

let redis: RedisServer;
let postgres: PostgresServer;
let scene: Scene;
let store: Store;
let asked = 0;

beforeAll(async () => {
  redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  afterFile(() => redis.stop());
  postgres = await startPostgres();
  afterFile(() => postgres.stop());
  store = connectStore({
    url: postgres.url,
    poolSize: 1,
    statementTimeoutMs: 10_000,
    connectTimeoutMs: 5000,
    onError: () => undefined,
  });
  afterFile(() => store.close());
  scene = await startScene({
    ingresses: 2,
    workers: 2,
    config: { database: { url: postgres.url, statement_timeout_ms: 2000, connect_timeout_ms: 1000 } },
    redis: { url: redis.url },
  });
  // The first request of the scene.
  asked = 1;
});

async function load(forMs: number): Promise<readonly Timed[]> {
  const timed = await askEvenly(scene, { perSecond, forMs, tokens: 5 });
  asked += timed.length;
  return timed;
}

const bad = (timed: readonly Timed[]): unknown =>
  Object.fromEntries(
    Object.entries(outcomesOf(timed.map(({ request }) => request))).filter(([outcome]) => outcome !== 'complete'),
  );

const tables = ['ledger_requests', 'ledger_attempts', 'request_logs'] as const;

async function counts(): Promise<readonly number[]> {
  return Promise.all(
    tables.map(async (table) => {
      const { count } = await store.db
        .selectFrom(table)
        .select((is) => is.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return count;
    }),
  );
}

/** Resolves when the database has an entry, an attempt and a log line of each request, and no more. */
async function untilRecorded(): Promise<void> {
  const all = [asked, asked, asked];
  await until(async () => String(await counts()) === String(all), {
    what: 'all records in the database',
    timeoutMs: 60_000,
    intervalMs: 200,
  }).catch(async () => expect(await counts()).toEqual(all));
}

const metricOf = async (name: string): Promise<number> =>
  Math.max(
    ...(await Promise.all(
      scene.fleet.ingresses.map(async ({ managementUrl }) => (await metric(managementUrl, name)) ?? 0),
    )),
  );

/** Returns whether each ingress takes requests. */
async function areReady(): Promise<boolean> {
  const answers = await Promise.all(scene.fleet.urls.map((url) => fetch(`${url}/readyz`)));
  await Promise.all(answers.map((answer) => answer.text()));
  return answers.every(({ ok }) => ok);
}

describe('F20 the database stops under load', () => {
  it(
    'keeps each request whole and each record, over a pause, a death and a restart of Redis',
    async () => {
      expect(bad(await load(2000))).toEqual({});
      await postgres.pause();
      expect(bad(await load(outageMs / 2))).toEqual({});
      expect(await metricOf('sluice_database_up')).toBe(0);
      expect(await metricOf('sluice_outbox_age_seconds{stream="ledger"}')).toBeGreaterThan(1);
      // Its append-only file has what waits for the database.
      await redis.kill();
      await redis.restart();
      await postgres.kill();
      await until(areReady, { what: 'each ingress to have Redis again' });
      expect(bad(await load(outageMs / 2))).toEqual({});
      await postgres.restart();
      expect(bad(await load(2000))).toEqual({});
      await untilRecorded();
    },
    outageMs + 120_000,
  );

  it('records once what two recorders have begun, when the one that writes is killed', async () => {
    const running = await Promise.all(
      scene.fleet.ingresses.map(async ({ managementUrl }) => await metric(managementUrl, 'sluice_recorder_running')),
    );
    const victim = scene.fleet.ingresses[running.indexOf(1)];
    const survivor = scene.fleet.ingresses.findIndex((each) => each !== victim);
    const before = await askEvenly(scene, { perSecond: 50, forMs: 1000, tokens: 2, at: survivor });
    kill(scene, victim);
    const after = await askEvenly(scene, { perSecond, forMs: 1000, tokens: 2, at: survivor });
    asked += before.length + after.length;
    expect(bad([...before, ...after])).toEqual({});
    await untilRecorded();
  });
});
