import type { AttemptEntry, BodyEntry, RequestEntry, RequestLog } from '@sluice/records';
import { createKeys } from '@sluice/redis';
import { connectStore, findBodies, findRequest, type Store } from '@sluice/store';
import { afterFile, createTestDatabase, redisTest, startPostgres, until } from '@sluice/testkit';
import { beforeAll, expect, onTestFinished } from 'vitest';
import { type Recorder, startRecorder } from '../../src/recorder/recorder.ts';
import type { RecorderSettings } from '../../src/recorder/recorder-settings.ts';

const databaseTimeouts = { statementTimeoutMs: 2000, connectTimeoutMs: 1000 };

interface Start {
  readonly redisUrl: string;
  readonly keyPrefix: string;
  readonly databaseUrl: string;
}

function settingsOf({ redisUrl, keyPrefix, databaseUrl }: Start): RecorderSettings {
  return {
    redis: {
      kind: 'single',
      url: redisUrl,
      username: undefined,
      password: undefined,
      tls: undefined,
      keyPrefix,
      isDefault: false,
    },
    redisPassword: undefined,
    sentinelPassword: undefined,
    keyPrefix,
    database: { url: databaseUrl, ssl: false, ...databaseTimeouts },
    retention: { logDays: 30, bodyDays: 7, ledgerMonths: 13 },
  };
}

function start(options: Start): Recorder {
  const recorder = startRecorder({ settings: settingsOf(options), log: () => undefined, onError: () => undefined });
  onTestFinished(() => recorder.stop());
  return recorder;
}

function open(url: string): Store {
  const store = connectStore({ url, poolSize: 1, ...databaseTimeouts, onError: () => undefined });
  onTestFinished(() => store.close());
  return store;
}

const now = Date.now();
const entry = (id: string): RequestEntry => ({
  id,
  keyId: 'key',
  keyName: 'Key',
  tags: [],
  operation: 'chat',
  model: 'gpt',
  stream: true,
  acceptedAt: now,
  endedAt: now + 10,
  outcome: 'complete',
  status: 200,
  attempts: 1,
  inputTokens: 1,
  outputTokens: 2,
  costMicros: 5,
  estimated: false,
  settledBy: 'ingress',
});
const attempt = (requestId: string): AttemptEntry => ({
  id: `${requestId}.1.0`,
  requestId,
  epoch: 1,
  number: 0,
  upstream: 'openai',
  model: 'gpt-5',
  credential: 'one',
  operation: 'chat',
  startedAt: now,
  durationMs: 9,
  outcome: 'complete',
  tokens: { fresh: 1, cacheRead: 0, cacheWrite: 0, output: 2, reasoning: 0 },
  costMicros: 5,
  priceSource: 'config',
  estimated: false,
});
const line = (id: string): RequestLog => ({
  id,
  publicId: `req-${id}`,
  arrivedAt: now,
  durationMs: 10,
  timeline: { auth: 0, body: 0, admission: 0, queue: 0, attempts: 5, stream: 5, relay: 0, client: 0 },
  status: 200,
  outcome: 'complete',
});

const body = (id: string, content = 'c2VhbGVk'): BodyEntry => ({
  id,
  kind: 'request',
  arrivedAt: now,
  sizeBytes: 6,
  isTruncated: false,
  content,
});

let databaseUrl: string;
beforeAll(async () => {
  databaseUrl = await createTestDatabase();
});

redisTest(
  'migrates, brings all outboxes into the database and empties them',
  async ({ redis, redisUrl, keyPrefix }) => {
    const keys = createKeys(keyPrefix);
    await redis.xadd(keys.ledger, '*', 'e', JSON.stringify(entry('a')));
    await redis.xadd(keys.attempts, '*', 'e', JSON.stringify([attempt('a'), attempt('b')]));
    await redis.xadd(keys.logs, '*', 'e', JSON.stringify([line('a'), line('b')]));
    await redis.xadd(keys.bodies, '*', 'e', JSON.stringify([body('a'), body('b', 'no base64!')]));
    const recorder = start({ redisUrl, keyPrefix, databaseUrl });
    const { db } = open(databaseUrl);
    await until(async () => (await findRequest(db, 'req-a'))?.entry, { what: 'the request in the database' });
    expect(await until(() => findRequest(db, 'req-a'), { what: 'the request' })).toEqual({
      entry: entry('a'),
      attempts: [attempt('a')],
      log: line('a'),
    });
    await until(
      async () =>
        (await Promise.all([keys.ledger, keys.logs, keys.bodies].map((key) => redis.xlen(key)))).every((n) => n === 0),
      {
        what: 'empty outboxes',
      },
    );
    await until(() => recorder.state().isDatabaseUp && recorder.state().lag.ledger?.batches === 0, {
      what: 'the state',
    });
    expect(recorder.state()).toMatchObject({ isRunner: true, written: { ledger: 1, attempts: 2, logs: 2, bodies: 1 } });
    expect(await findBodies(db, 'a')).toMatchObject([{ kind: 'request', content: Buffer.from('sealed') }]);
    // A body that can't be written is not kept elsewhere, where no retention removes it.
    expect(recorder.state().skipped.bodies).toBe(1);
    expect(await db.selectFrom('skipped_entries').selectAll().execute()).toEqual([]);
  },
);

redisTest(
  'keeps invalid entries and those that can not be written, and records the next ones',
  async ({ redis, redisUrl, keyPrefix }) => {
    const keys = createKeys(keyPrefix);
    await redis.xadd(keys.ledger, '*', 'e', '{"id":"no entry"}');
    await redis.xadd(keys.ledger, '*', 'e', JSON.stringify({ ...entry('c'), status: 2 ** 40 }));
    await redis.xadd(keys.ledger, '*', 'e', JSON.stringify(entry('d')));
    const recorder = start({ redisUrl, keyPrefix, databaseUrl });
    const { db } = open(databaseUrl);
    await until(() => findRequest(db, 'd'), { what: 'the request after the bad ones' });
    await until(() => recorder.state().skipped.ledger === 2, { what: 'the count of skipped entries' });
    const kept = await db.selectFrom('skipped_entries').select('entry').execute();
    expect(kept.map((row) => row.entry).sort()).toEqual([
      expect.stringContaining('no entry'),
      expect.stringContaining('"c"'),
    ]);
    expect(await redis.xlen(keys.ledger)).toBe(0);
  },
);

redisTest('lets one recorder write, and another take over when its session ends', async ({ redisUrl, keyPrefix }) => {
  const recorders = [1, 2].map(() => start({ redisUrl, keyPrefix, databaseUrl }));
  const runners = () => recorders.filter((recorder) => recorder.state().isRunner);
  const first = await until(() => runners()[0], { what: 'a recorder that writes' });
  expect(runners()).toEqual([first]);
  await first.stop();
  await until(() => runners().some((recorder) => recorder !== first), { what: 'the other recorder to write' });
});

redisTest(
  'loses nothing while the database is paused, killed and restarted',
  async ({ redis, redisUrl, keyPrefix }) => {
    const server = await startPostgres();
    afterFile(() => server.stop());
    const keys = createKeys(keyPrefix);
    const recorder = start({ redisUrl, keyPrefix, databaseUrl: server.url });
    const { db } = open(server.url);
    await until(() => recorder.state().isRunner, { what: 'the recorder to write' });
    let count = 0;
    const add = async (): Promise<unknown> => redis.xadd(keys.ledger, '*', 'e', JSON.stringify(entry(`n${count++}`)));
    await server.pause();
    for (let n = 0; n < 20; n++) await add();
    await until(() => !recorder.state().isDatabaseUp, { what: 'the recorder to notice' });
    expect(await redis.xlen(keys.ledger)).toBe(20);
    await server.kill();
    for (let n = 0; n < 20; n++) await add();
    await server.restart();
    const recorded = async (): Promise<number> =>
      (await db.selectFrom('ledger_requests').select('id').execute()).length;
    await until(async () => (await recorded()) === count, { what: 'all entries in the database' });
  },
);

redisTest('migrates a database again that comes back empty', async ({ redis, redisUrl, keyPrefix }) => {
  const server = await startPostgres();
  afterFile(() => server.stop());
  const keys = createKeys(keyPrefix);
  const recorder = start({ redisUrl, keyPrefix, databaseUrl: server.url });
  const { db } = open(server.url);
  await until(() => recorder.state().isRunner, { what: 'the recorder to write' });
  await db.schema.dropSchema('public').cascade().execute();
  await db.schema.createSchema('public').execute();
  await server.kill();
  await server.restart();
  await redis.xadd(keys.ledger, '*', 'e', JSON.stringify(entry('after')));
  const found = () => findRequest(db, 'after').catch(() => undefined);
  await until(found, { what: 'the request in the new database' });
});
