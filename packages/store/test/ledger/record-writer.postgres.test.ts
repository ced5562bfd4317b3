import type { RequestEntry } from '@sluice/records';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { findRequest, listRequests, readUsage } from '../../src/index.ts';
import { attemptEntry, noon, requestEntry, requestLog } from '../entries.ts';
import { openStore, type TestStore } from '../open-store.ts';

let opened: TestStore;
beforeAll(async () => {
  opened = await openStore();
});

const found = (id: string) => findRequest(opened.store.db, id);

test('gives back what it was given', async () => {
  const { writer } = opened;
  const entry = requestEntry({
    id: 'whole',
    teamId: 'team',
    owner: 'ann',
    tags: ['a', 'b,"{}'],
    sessionId: 's-1',
    agent: 'codex',
    waitedMs: 1,
    queueWaitMs: 2,
    ttftMs: 3,
    servedModel: 'gpt-5',
    upstream: 'openai',
    code: 'none',
  });
  const attempt = attemptEntry({
    requestId: 'whole',
    ttftMs: 3,
    failureKind: 'none',
    status: 200,
    audioTokens: 1,
    imageTokens: 2,
    providerCostMicros: 99,
  });
  const log = requestLog({ id: 'whole', error: 'half a 😀: \ud83d, and a zero: \0', attempts: 1 });
  expect(await writer.insertRequestEntries([entry])).toBe(1);
  expect(await writer.insertAttemptEntries([attempt])).toBe(1);
  expect(await writer.insertRequestLogs([log])).toBe(1);
  const expected = { entry, attempts: [attempt], log: { ...log, error: 'half a 😀: \ufffd, and a zero: ' } };
  expect(await found('whole')).toEqual(expected);
  expect(await found('req-whole')).toEqual(expected);
  expect(await found('unknown')).toBeUndefined();
});

test('changes nothing at a second delivery', async () => {
  const { writer } = opened;
  const entry = requestEntry({ id: 'twice' });
  const attempt = attemptEntry({ requestId: 'twice' });
  expect(await writer.insertRequestEntries([entry, entry])).toBe(1);
  expect(await writer.insertRequestEntries([entry])).toBe(0);
  expect(await writer.insertAttemptEntries([attempt, attempt])).toBe(1);
  expect(await writer.insertAttemptEntries([attempt])).toBe(0);
});

test('replaces an estimate by the exact attempt, also if that began at another time, and never the reverse', async () => {
  const { writer } = opened;
  const lost = attemptEntry({ requestId: 'lost', outcome: 'lost', estimated: true, costMicros: 7, startedAt: noon });
  const exact = attemptEntry({ requestId: 'lost', costMicros: 8, startedAt: noon + 9 });
  for (const attempt of [lost, exact, lost]) await writer.insertAttemptEntries([attempt]);
  await writer.insertRequestEntries([requestEntry({ id: 'lost' })]);
  expect((await found('lost'))?.attempts).toEqual([exact]);
});

test('keeps the estimate that has seen more of the answer, whichever comes first', async () => {
  const { writer } = opened;
  for (const isFirst of [true, false]) {
    const requestId = `seen-${isFirst}`;
    const less = attemptEntry({ requestId, outcome: 'lost', estimated: true, costMicros: 7_000_000_000 });
    const more = { ...less, costMicros: 7_000_000_001 };
    for (const attempt of isFirst ? [less, more] : [more, less]) await writer.insertAttemptEntries([attempt]);
    await writer.insertRequestEntries([requestEntry({ id: requestId })]);
    expect((await found(requestId))?.attempts).toEqual([more]);
  }
});

test("replaces the fleet's entry by that of the ingress, and never the reverse", async () => {
  const { writer } = opened;
  const fleet = requestEntry({ id: 'orphan', settledBy: 'fleet', outcome: 'lost', costMicros: 5, estimated: true });
  const own = requestEntry({ id: 'orphan', estimated: true, costMicros: 6 });
  for (const entry of [fleet, own, fleet]) await writer.insertRequestEntries([entry]);
  expect((await found('orphan'))?.entry).toEqual(own);
});

test('gives a request that the fleet has settled the cost of its attempts, whichever comes first', async () => {
  const { writer, store } = opened;
  const dayOf = async () =>
    (await readUsage(store.db, { from: noon - 86_400_000, to: noon + 86_400_000, groupBy: ['key'] })).find(
      ({ group }) => group.key === 'settled',
    )?.costMicros;
  for (const isFirst of [true, false]) {
    const id = `settled-${isFirst}`;
    const settled = requestEntry({
      id,
      keyId: 'settled',
      settledBy: 'fleet',
      outcome: 'lost',
      costMicros: 900,
      estimated: true,
    });
    const attempts = [
      attemptEntry({ requestId: id, number: 1, outcome: 'failed', costMicros: 3 }),
      attemptEntry({ requestId: id, number: 2, outcome: 'aborted', estimated: true, costMicros: 4 }),
    ];
    if (isFirst) await writer.insertRequestEntries([settled]);
    await writer.insertAttemptEntries(attempts);
    await writer.insertRequestEntries([settled, settled]);
    expect((await found(id))?.entry).toEqual({ ...settled, costMicros: 7 });
  }
  expect(await dayOf()).toBe(14);
});

test('lists a request that the fleet has settled, until its own ingress tells more', async () => {
  const { writer, store } = opened;
  const listed = async (id: string) => {
    const { requests } = await listRequests(store.db, { filter: { id }, limit: 10 });
    return requests.map(({ log: { publicId, outcome, timeline }, costMicros }) => [
      publicId,
      outcome,
      timeline !== undefined,
      costMicros,
    ]);
  };
  const lost = (id: string) =>
    requestEntry({ id, publicId: `req-${id}`, settledBy: 'fleet', outcome: 'lost', status: 500, costMicros: 5 });
  const own = (id: string) => [requestEntry({ id, costMicros: 6 })];
  for (const id of ['l-only', 'l-log', 'l-entry']) {
    await writer.insertRequestEntries([lost(id), lost(id)]);
    await writer.insertRequestEntries([lost(id)]);
    expect(await listed(id)).toEqual([[`req-${id}`, 'lost', false, 5]]);
    expect(await found(`req-${id}`)).toMatchObject({
      log: { id, model: 'gpt', status: 500 },
      entry: { costMicros: 5 },
    });
  }
  await writer.insertRequestLogs([requestLog({ id: 'l-log', arrivedAt: noon - 3 })]);
  expect(await listed('l-log')).toEqual([['req-l-log', 'complete', true, 5]]);
  await writer.insertRequestEntries(own('l-entry'));
  expect(await listed('l-entry')).toEqual([]);
  await writer.insertRequestLogs([requestLog({ id: 'l-first' })]);
  await writer.insertRequestEntries([lost('l-first')]);
  expect(await listed('l-first')).toEqual([['req-l-first', 'complete', true, 5]]);
});

test('tells the request log the cost, whichever of the two comes first', async () => {
  const { writer, store } = opened;
  await writer.insertRequestLogs([requestLog({ id: 'log-first' })]);
  await writer.insertRequestEntries([requestEntry({ id: 'log-first', costMicros: 41 })]);
  await writer.insertRequestEntries([requestEntry({ id: 'log-last', costMicros: 42 })]);
  await writer.insertRequestLogs([requestLog({ id: 'log-last' })]);
  const rows = await store.db
    .selectFrom('request_logs')
    .select('cost_micros')
    .where('id', 'like', 'log-%')
    .orderBy('id')
    .execute();
  expect(rows).toEqual([{ cost_micros: 41 }, { cost_micros: 42 }]);
});

test('gives its cost to a line of the log that is written at the same time', async () => {
  const { writer, store } = opened;
  const ids = Array.from({ length: 9 }, (_, at) => `race-${at}`);
  for (const id of ids) {
    await Promise.all([
      writer.insertRequestEntries([requestEntry({ id, costMicros: 7 })]),
      writer.insertRequestLogs([requestLog({ id })]),
    ]);
  }
  const rows = await store.db.selectFrom('request_logs').select('cost_micros').where('id', 'like', 'race-%').execute();
  expect(rows).toEqual(ids.map(() => ({ cost_micros: 7 })));
});

const entries = fc.array(
  fc.record({
    id: fc.integer({ min: 1, max: 12 }).map((number) => `p-${number}`),
    keyId: fc.constant('property'),
    costMicros: fc.integer({ min: 0, max: 1000 }),
    estimated: fc.boolean(),
    settledBy: fc.constantFrom('ingress' as const, 'fleet' as const),
    outcome: fc.constantFrom('complete' as const, 'error' as const, 'lost' as const),
    tags: fc.uniqueArray(fc.constantFrom('x', 'y', 'z')),
    upstream: fc.option(fc.constantFrom('one', 'two'), { nil: undefined }),
  }),
  { maxLength: 8 },
);

test('keeps the sums of usage equal to the ledger, whatever is delivered how often', async () => {
  const { writer, store } = opened;
  const whole = { from: noon, to: noon + 3_600_000, filter: { key: 'property' } };
  await fc.assert(
    fc.asyncProperty(fc.array(entries, { maxLength: 4 }), async (deliveries) => {
      for (const delivery of deliveries) {
        const batch = delivery.map(({ upstream, ...changes }): RequestEntry =>
          requestEntry({ ...changes, ...(upstream !== undefined && { upstream }) }),
        );
        await writer.insertRequestEntries(batch);
      }
      const rows = await store.db.selectFrom('ledger_requests').selectAll().where('key_id', '=', 'property').execute();
      const total = rows.reduce((sum, { cost_micros }) => sum + cost_micros, 0);
      const tagged = rows.reduce((sum, { cost_micros, tags }) => sum + cost_micros * tags.length, 0);
      const sum = async (groupBy: 'tag' | 'upstream' | 'hour'): Promise<number> =>
        (await readUsage(store.db, { ...whole, groupBy: [groupBy] })).reduce(
          (all, { costMicros }) => all + costMicros,
          0,
        );
      expect([await sum('upstream'), await sum('hour'), await sum('tag')]).toEqual([total, total, tagged]);
    }),
    { numRuns: 25 },
  );
});

test('gives each line of the request log its cost, also if both arrive at the same time', async () => {
  const { store, writer } = opened;
  const ids = Array.from({ length: 40 }, (_, at) => `together-${at}`);
  await Promise.all(
    ids.map((id) =>
      Promise.all([
        writer.insertRequestLogs([requestLog({ id })]),
        writer.insertRequestEntries([requestEntry({ id, costMicros: 7 })]),
      ]),
    ),
  );
  const lines = await store.db
    .selectFrom('request_logs')
    .select(['id', 'cost_micros'])
    .where('id', 'like', 'together-%')
    .execute();
  expect(lines).toHaveLength(ids.length);
  expect(lines.filter(({ cost_micros }) => cost_micros !== 7)).toEqual([]);
});
