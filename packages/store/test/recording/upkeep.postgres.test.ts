import { beforeAll, expect, test } from 'vitest';
import { countImbalances, dropOld, readUsage } from '../../src/index.ts';
import { attemptEntry, noon, requestEntry } from '../entries.ts';
import { openStore, type TestStore } from '../open-store.ts';

const day = 86_400_000;
let opened: TestStore;
beforeAll(async () => {
  opened = await openStore();
});

test('drops the sums by hour and session of old months, however many, and keeps those by day', async () => {
  const { store, writer, partitions } = opened;
  const old = noon - 100 * day;
  await writer.insertRequestEntries(
    Array.from({ length: 10_001 }, (_, at) =>
      requestEntry({ id: `old-${at}`, acceptedAt: old, sessionId: `s-${at}`, costMicros: 1 }),
    ),
  );
  await writer.insertRequestEntries([requestEntry({ id: 'new', sessionId: 's' })]);
  await writer.insertAttemptEntries([
    attemptEntry({ requestId: 'old-0', startedAt: old }),
    attemptEntry({ requestId: 'new' }),
  ]);
  await store.db
    .insertInto('skipped_entries')
    .values([
      { stream: 'logs', entry: 'old', reason: 'r', skipped_at: new Date(old) },
      { stream: 'logs', entry: 'new', reason: 'r', skipped_at: new Date(noon) },
    ])
    .execute();
  const dropped = await dropOld(
    { db: store.db, partitions, at: new Date(noon) },
    { logDays: 30, bodyDays: 7, ledgerMonths: 2 },
  );
  expect(dropped).toContain('ledger_requests_20260801');
  const skipped = await store.db.selectFrom('skipped_entries').select('entry').execute();
  expect(skipped).toEqual([{ entry: 'new' }]);
  const sums = await store.db.selectFrom('usage_requests').select(['period', 'dimension', 'starts_at']).execute();
  expect(sums.filter(({ starts_at }) => starts_at.getTime() < noon - 90 * day)).toEqual([
    { period: 'day', dimension: 'all', starts_at: new Date(old - (old % day)) },
  ]);
  const attempts = await store.db.selectFrom('usage_attempts').select(['period', 'starts_at']).execute();
  expect(attempts.map(({ period, starts_at }) => [period, starts_at.getTime() > old])).toEqual(
    expect.arrayContaining([
      ['day', false],
      ['hour', true],
      ['day', true],
    ]),
  );
  expect(attempts).toHaveLength(3);
  const whole = { from: noon - 101 * day - (noon % day), to: noon + day - (noon % day), groupBy: [] };
  expect(await readUsage(store.db, whole)).toMatchObject([{ requests: 10_002 }]);
});

test('counts the requests that cost something else than their attempts', async () => {
  const { store, writer } = opened;
  const from = new Date();
  await writer.insertRequestEntries([
    requestEntry({ id: 'right', costMicros: 7 }),
    requestEntry({ id: 'wrong', costMicros: 7 }),
    requestEntry({ id: 'bare', costMicros: 7 }),
    requestEntry({ id: 'guessed', costMicros: 7, estimated: true }),
  ]);
  await writer.insertAttemptEntries([
    attemptEntry({ requestId: 'right', costMicros: 3 }),
    attemptEntry({ requestId: 'right', number: 1, costMicros: 4 }),
    attemptEntry({ requestId: 'wrong', costMicros: 8 }),
  ]);
  expect(await countImbalances(store.db, { from, to: new Date(Date.now() + 1000) })).toBe(2);
});
