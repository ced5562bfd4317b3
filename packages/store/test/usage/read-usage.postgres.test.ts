import { noTokens } from '@sluice/records';
import { beforeAll, expect, test } from 'vitest';
import { readSpend, readUpstreamUsage, readUsage, type UsageQuery } from '../../src/index.ts';
import { attemptEntry, noon, requestEntry } from '../entries.ts';
import { openStore, type TestStore } from '../open-store.ts';

const hour = 3_600_000;
const day = 24 * hour;
const midnight = noon - 12 * hour;
let opened: TestStore;

beforeAll(async () => {
  opened = await openStore();
  await opened.writer.insertRequestEntries([
    requestEntry({ id: '1', teamId: 'red', tags: ['x', 'y'], sessionId: 's', upstream: 'openai', costMicros: 1 }),
    requestEntry({ id: '2', teamId: 'red', tags: ['y'], acceptedAt: noon + hour, costMicros: 10, outcome: 'error' }),
    requestEntry({ id: '3', keyId: 'key-b', acceptedAt: noon + day, model: 'opus', costMicros: 100 }),
    requestEntry({ id: '4', keyId: 'key-b', acceptedAt: noon - 40 * day, costMicros: 1000 }),
  ]);
  await opened.writer.insertAttemptEntries([
    attemptEntry({ requestId: '1', costMicros: 1, tokens: { ...noTokens, fresh: 1, cacheRead: 2, output: 3 } }),
    attemptEntry({ requestId: '2', costMicros: 10, outcome: 'failed', providerCostMicros: 9 }),
  ]);
});

const costs = async (query: Omit<UsageQuery, 'from' | 'to'>): Promise<unknown> =>
  (await readUsage(opened.store.db, { from: midnight, to: midnight + 2 * day, ...query })).map(
    ({ group, costMicros }) => [...Object.values(group), costMicros],
  );

test.each([
  [{ groupBy: [] }, [[111]]],
  [
    { groupBy: ['key'] },
    [
      ['key-b', 100],
      ['key-a', 11],
    ],
  ],
  [
    { groupBy: ['team'] },
    [
      ['', 100],
      ['red', 11],
    ],
  ],
  [
    { groupBy: ['model', 'upstream'] },
    [
      ['opus', '', 100],
      ['gpt', '', 10],
      ['gpt', 'openai', 1],
    ],
  ],
  [
    { groupBy: ['tag'] },
    [
      ['y', 11],
      ['x', 1],
    ],
  ],
  [{ groupBy: ['session', 'key'] }, [['s', 'key-a', 1]]],
  [
    { groupBy: ['hour'], filter: { key: 'key-a' } },
    [
      ['2026-11-30T13:00:00Z', 10],
      ['2026-11-30T12:00:00Z', 1],
    ],
  ],
  [
    { groupBy: ['day'] },
    [
      ['2026-12-01T00:00:00Z', 100],
      ['2026-11-30T00:00:00Z', 11],
    ],
  ],
  [{ groupBy: ['month'], filter: { tag: 'y' } }, [['2026-11-01T00:00:00Z', 11]]],
] satisfies readonly (readonly [Omit<UsageQuery, 'from' | 'to'>, unknown])[])('sums by %j', async (query, expected) => {
  expect(await costs(query)).toEqual(expected);
});

test('counts requests, failures and tokens', async () => {
  const [sum] = await readUsage(opened.store.db, { from: noon, to: noon + 2 * hour, groupBy: [] });
  expect(sum).toEqual({ group: {}, requests: 2, failed: 1, inputTokens: 20, outputTokens: 40, costMicros: 11 });
});

test('refuses tags and sessions at once, and two spans', async () => {
  await expect(costs({ groupBy: ['tag'], filter: { session: 's' } })).rejects.toThrow(RangeError);
  await expect(costs({ groupBy: ['day', 'hour'] })).rejects.toThrow(RangeError);
});

test('sums attempts by upstream, model and credential', async () => {
  expect(await readUpstreamUsage(opened.store.db, { from: noon, to: noon + hour })).toEqual([
    {
      upstream: 'openai',
      model: 'gpt-5',
      credential: 'one',
      attempts: 2,
      failed: 1,
      fresh: 11,
      cacheRead: 2,
      cacheWrite: 0,
      output: 23,
      reasoning: 0,
      costMicros: 11,
      providerCostMicros: 9,
    },
  ]);
});

test('sums what keys and teams have spent in the windows of budgets', async () => {
  const { db } = opened.store;
  const ofKeys = await readSpend(db, { scope: 'key', at: noon + day });
  expect(ofKeys.toSorted((one, other) => one.id.localeCompare(other.id))).toEqual([
    { id: 'key-a', day: 0, month: 0, total: 11 },
    { id: 'key-b', day: 100, month: 100, total: 1100 },
  ]);
  expect(await readSpend(db, { scope: 'team', ids: ['red', 'blue'], at: noon })).toEqual([
    { id: 'red', day: 11, month: 11, total: 11 },
  ]);
});
