import type { AdmissionRequest, Refusal } from '@sluice/admission';
import { openEntrySchema, requestEntrySchema } from '@sluice/records';
import { redisTest, until } from '@sluice/testkit';
import { describe, expect } from 'vitest';
import { createLostSettler } from '../src/lost-settler.ts';
import { createScripts } from '../src/scripts.ts';
import { createSpends } from '../src/spends.ts';
import { advance, ask, roomy, setUp, type SetUp } from './scene.ts';

const entry = { keyId: 'k', keyName: 'n', operation: 'chat', model: 'm', stream: false, tags: [] };

/** A request of key `k` that may cost this much (micro-dollars). */
const costly = (
  requestId: string,
  micros: number,
  over: Partial<AdmissionRequest['accounting']> = {},
): AdmissionRequest => ({
  ...ask(requestId),
  accounting: {
    openEntry: JSON.stringify({ id: requestId, ...entry }),
    promptTokens: 3,
    budgets: { total: 100 },
    money: { micros, isBounded: true, microsIfLost: micros },
    ...over,
  },
});
const unbounded = { micros: 1000, isBounded: false, microsIfLost: 7 };

async function accept({ admission }: Pick<SetUp, 'admission'>, request: AdmissionRequest) {
  const verdict = await admission.acquire(request);
  if (verdict.kind !== 'accepted') throw new Error(`refused: ${verdict.reason}`);
  return verdict.lease;
}

async function refuse({ admission }: Pick<SetUp, 'admission'>, request: AdmissionRequest): Promise<Refusal> {
  const verdict = await admission.acquire(request);
  if (verdict.kind !== 'refused') throw new Error('accepted');
  return verdict;
}

const spent = (costMicros: number, text?: string) => ({
  requests: 0,
  tokens: 0,
  settled: { costMicros, entry: text },
});

const owner = { scope: 'key', id: 'k' } as const;
const settlerOf = ({ connection, keys }: SetUp, isRecorded = true) =>
  createLostSettler({ connection, keys, isRecorded, pauseMs: 0 });
const ledgerOf = async ({ connection, keys }: SetUp): Promise<string[]> =>
  (await connection.xrange(keys.ledger, '-', '+')).map(([, [, text = '']]) => text);
const openOf = ({ connection, keys }: SetUp): Promise<string[]> => connection.hkeys(keys.openEntries);

/** Waits until no request has an open entry: releases happen in the background. */
const untilSettled = (all: SetUp): Promise<unknown> =>
  until(async () => (await openOf(all)).length === 0, { what: 'the releases' });

describe('a budget', () => {
  redisTest('holds what is reserved and what is spent', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix });
    const spends = createSpends(all);
    const first = await accept(all, costly('a', 60));
    expect(await refuse(all, costly('b', 41))).toMatchObject({
      reason: 'budget',
      scope: 'key',
      budget: { window: 'total', leftMicros: 40 },
      retryAfterMs: undefined,
    });
    const second = await accept(all, costly('c', 40));
    first.release(spent(10));
    second.release(spent(40));
    await untilSettled(all);
    expect(await spends.read(owner, Date.now())).toEqual({ day: 50, month: 50, total: 50, reserved: 0 });
    await refuse(all, costly('d', 51));
    await accept(all, costly('e', 50));
  });

  redisTest('is checked for the key and then for its team, window by window', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix });
    const team = { id: 't', limits: {}, budgets: { month: 30 } };
    const budgets = { day: 20, total: 100 };
    expect(await refuse(all, costly('a', 25, { budgets, team }))).toMatchObject({ budget: { window: 'day' } });
    expect(await refuse(all, costly('a', 31, { budgets: {}, team }))).toMatchObject({
      scope: 'team',
      budget: { window: 'month', leftMicros: 30 },
    });
    const { release } = await accept(all, costly('a', 20, { budgets, team }));
    expect(await refuse(all, costly('b', 11, { budgets: undefined, team }))).toMatchObject({ scope: 'team' });
    release(spent(5));
    await untilSettled(all);
    const spends = createSpends(all);
    const sum = { day: 5, month: 5, total: 5, reserved: 0 };
    expect(await spends.read(owner, Date.now())).toEqual(sum);
    expect(await spends.read({ scope: 'team', id: 't' }, Date.now())).toEqual(sum);
  });

  redisTest('is exceeded by one request at most if nothing bounds it', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix });
    const bounded = await accept(all, costly('a', 1));
    expect(await refuse(all, costly('b', 0, { money: unbounded }))).toMatchObject({ budget: { leftMicros: 99 } });
    bounded.release(spent(1));
    await untilSettled(all);
    const alone = await accept(all, costly('c', 0, { money: unbounded }));
    await refuse(all, costly('d', 1));
    await refuse(all, costly('e', 0, { money: unbounded }));
    alone.release(spent(500));
    await untilSettled(all);
    await refuse(all, costly('f', 1));
    await refuse(all, costly('g', 0, { money: unbounded }));
  });

  redisTest('holds for parallel requests of several ingresses', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix });
    const others: SetUp[] = [];
    for (const id of ['i-2', 'i-3', 'i-4']) others.push(await setUp({ redisUrl, keyPrefix }, {}, id));
    const verdicts = await Promise.all(
      Array.from({ length: 200 }, (_, at) => (others[at % 4] ?? all).admission.acquire(costly(`r${at}`, 9))),
    );
    expect(verdicts.filter(({ kind }) => kind === 'accepted')).toHaveLength(11);
  });

  redisTest('gets its reservation back at each end of a waiter', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1, queueSize: 2 });
    const reserved = async (): Promise<number> => (await createSpends(all).read(owner, Date.now())).reserved;
    await accept(all, ask('x'));
    const left = await accept(all, costly('a', 30));
    const displaced = await accept(all, costly('b', 30));
    expect(await refuse(all, costly('c', 30))).toMatchObject({ reason: 'overloaded', scope: undefined });
    expect(await reserved()).toBe(60);
    await accept(all, { ...ask('other'), keyId: 'o' });
    expect(await all.displaced()).toEqual(['b']);
    left.release(spent(0));
    displaced.release(spent(0));
    await untilSettled(all);
    expect(await reserved()).toBe(0);
  });

  redisTest('counts a request that asks again once', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix });
    await accept(all, costly('a', 60));
    await accept(all, costly('a', 60));
    expect(await createSpends(all).read(owner, Date.now())).toMatchObject({ reserved: 60 });
  });

  redisTest('counts a repeated release once', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix });
    const { connection, keys } = all;
    const scripts = createScripts({ connection, keys, ingressId: 'i-1', fleet: roomy });
    const request = costly('a', 60);
    await scripts.acquire(request);
    const ended = [{ request, correction: { ...spent(7, '{}'), hasWaited: false } }];
    expect(await scripts.release(ended)).toEqual([true]);
    expect(await scripts.release(ended)).toEqual([false]);
    expect(await createSpends(all).read(owner, Date.now())).toMatchObject({ total: 7, reserved: 0 });
  });

  redisTest('begins anew with each day and month, and forgets the old ones', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix });
    const { connection, keys } = all;
    const name = keys.spend('k:k');
    await connection.hset(name, { '2020-01-31': 99, '2020-01': 99, total: 20 });
    const { release } = await accept(all, costly('a', 60, { budgets: { day: 100, month: 100, total: 100 } }));
    const today = new Date().toISOString().slice(0, 10);
    expect(Object.keys(await connection.hgetall(name)).toSorted()).toEqual([today, 'reserved', 'total']);
    release(spent(5));
    await untilSettled(all);
    expect(await connection.hgetall(name)).toEqual({
      [today]: '5',
      [today.slice(0, 7)]: '5',
      total: '25',
      reserved: '0',
    });
    expect(await connection.pttl(name)).toBeGreaterThan(300 * 86_400_000);
  });

  redisTest('keeps large sums exact', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix });
    const spends = createSpends(all);
    const sums = { day: 1, month: 2_000_000_000_000_001, total: 8_000_000_000_000_003 };
    expect(await spends.seed(owner, Date.now(), sums)).toEqual(sums);
    const { release } = await accept(all, costly('a', 1e15, { budgets: { total: 9_000_000_000_000_000 } }));
    release(spent(1));
    await untilSettled(all);
    expect(await spends.read(owner, Date.now())).toEqual({
      day: 2,
      month: sums.month + 1,
      total: sums.total + 1,
      reserved: 0,
    });
  });

  redisTest('is raised to the sums of the database, never lowered', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix });
    const spends = createSpends(all);
    const { release } = await accept(all, costly('a', 60));
    release(spent(50));
    await untilSettled(all);
    const now = Date.now();
    expect(await spends.seed(owner, now, { day: 40, month: 60, total: 90 })).toEqual({ day: 50, month: 60, total: 90 });
    expect(await refuse(all, costly('b', 11))).toMatchObject({ budget: { leftMicros: 10 } });
  });
});

describe('the limits of a team', () => {
  const limited = (limits: object): Partial<AdmissionRequest['accounting']> => ({
    budgets: undefined,
    money: undefined,
    team: { id: 't', limits, budgets: {} },
  });

  redisTest('count the requests of all its keys', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix }, { leaseMs: 600 });
    const of = (requestId: string, keyId: string) => ({ ...costly(requestId, 0, limited({ concurrency: 2 })), keyId });
    const first = await accept(all, of('a', 'k1'));
    await accept(all, of('b', 'k2'));
    const refusal = { reason: 'concurrency', scope: 'team', retryAfterMs: 1000 };
    expect(await refuse(all, of('c', 'k3'))).toMatchObject(refusal);
    // Their leases are renewed.
    const endOf = async (): Promise<number> => Number(await all.connection.zscore(all.keys.keyLeases('team:t'), 'a'));
    const before = await endOf();
    await until(async () => (await endOf()) > before + 600, { what: 'the lease of the team to be renewed' });
    expect(await refuse(all, of('c', 'k3'))).toMatchObject(refusal);
    first.release(spent(0));
    await until(async () => (await openOf(all)).length === 1, { what: 'the release' });
    await accept(all, of('c', 'k3'));
  });

  redisTest(
    'show in the rates of a key if less of them is left, and are corrected',
    async ({ redisUrl, keyPrefix }) => {
      const all = await setUp({ redisUrl, keyPrefix });
      const request = (requestId: string): AdmissionRequest => ({
        ...costly(requestId, 0, limited({ rpm: 2, tpm: 1000 })),
        limits: { rpm: 10 },
        tokens: 600,
      });
      const verdict = await all.admission.acquire(request('a'));
      expect(verdict.rates).toMatchObject({
        requests: { limit: 2, remaining: 1 },
        tokens: { limit: 1000, remaining: 400 },
      });
      expect(await refuse(all, request('b'))).toMatchObject({ reason: 'tokens', scope: 'team' });
      if (verdict.kind === 'accepted') verdict.lease.release({ ...spent(0), tokens: -600 });
      await untilSettled(all);
      await accept(all, request('b'));
      expect(await refuse(all, { ...request('c'), tokens: 1 })).toMatchObject({ reason: 'requests', scope: 'team' });
    },
  );
});

describe('the ledger', () => {
  redisTest('gets the entry of a request when it ends', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix });
    const { release } = await accept(all, costly('a', 1));
    const [, json = ''] = ((await all.connection.hget(all.keys.openEntries, 'a')) ?? '').split('\n');
    const { acceptedAt, ...rest } = openEntrySchema.parse(JSON.parse(json));
    expect(rest).toEqual({ id: 'a', ...entry });
    expect(Math.abs(acceptedAt - Date.now())).toBeLessThan(5000);
    release(spent(1, 'the entry'));
    await untilSettled(all);
    expect(await ledgerOf(all)).toEqual(['the entry']);
  });

  redisTest('has no entry of a request whose reply was lost', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix });
    const { release } = await accept(all, costly('a', 1));
    release({ requests: -1, tokens: 0 });
    await untilSettled(all);
    expect(await ledgerOf(all)).toEqual([]);
    expect(await createSpends(all).read(owner, Date.now())).toMatchObject({ total: 0, reserved: 0 });
  });

  redisTest(
    'has the request of a dead ingress after one lease, at the reserved cost',
    async ({ redisUrl, keyPrefix }) => {
      const all = await setUp({ redisUrl, keyPrefix });
      await accept(all, costly('a', 60));
      expect(await settlerOf(all).settleAll()).toBe(0);
      await advance(all, 30_001);
      expect(await settlerOf(all).settleAll()).toBe(1);
      expect(await settlerOf(all).settleAll()).toBe(0);
      const [text = ''] = await ledgerOf(all);
      const lost = requestEntrySchema.parse(JSON.parse(text));
      expect(lost).toMatchObject({ id: 'a', outcome: 'lost', settledBy: 'fleet', estimated: true, costMicros: 60 });
      expect([lost.inputTokens, lost.tags, lost.endedAt >= lost.acceptedAt]).toEqual([3, [], true]);
      expect(await createSpends(all).read(owner, Date.now())).toMatchObject({ total: 60, reserved: 0 });
    },
  );

  redisTest('is corrected when that ingress is alive after all', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix });
    const { release } = await accept(all, costly('a', 60));
    await advance(all, 30_001);
    await settlerOf(all).settleAll();
    release(spent(25, 'exact'));
    await until(async () => (await ledgerOf(all)).includes('exact'), { what: 'the release' });
    expect(await createSpends(all).read(owner, Date.now())).toMatchObject({
      day: 25,
      month: 25,
      total: 25,
      reserved: 0,
    });
  });

  redisTest('charges nothing for a waiter whose ingress is dead', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 });
    await accept(all, ask('x'));
    await accept(all, costly('a', 30));
    await accept(all, costly('b', 30));
    await advance(all, 30_001);
    // One is swept with the room, the other still stands in it.
    await settlerOf(all).settleAll();
    await all.admission.acquire(costly('c', 30));
    await settlerOf(all).settleAll();
    expect((await ledgerOf(all)).map((text) => requestEntrySchema.parse(JSON.parse(text)))).toMatchObject([
      { costMicros: 0, inputTokens: 0, outcome: 'lost' },
      { costMicros: 0, inputTokens: 0, outcome: 'lost' },
    ]);
    expect(await createSpends(all).read(owner, Date.now())).toMatchObject({ total: 0, reserved: 30 });
  });

  redisTest('is not written without a database, but reservations return', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix });
    await accept(all, costly('a', 60));
    await advance(all, 30_001);
    await settlerOf(all, false).settleAll();
    expect([await ledgerOf(all), await openOf(all)]).toEqual([[], []]);
    expect(await createSpends(all).read(owner, Date.now())).toMatchObject({ total: 60, reserved: 0 });
  });

  redisTest('is looked after by one process at a time', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix });
    const { connection, keys } = all;
    const settler = createLostSettler({ connection, keys, isRecorded: true, pauseMs: 30_000 });
    expect(await settler.settleAll()).toBe(0);
    await accept(all, costly('a', 60));
    await advance(all, 30_001);
    expect(await settler.settleAll()).toBe(0);
    await connection.del(`${keys.admissionPrefix}settling`);
    expect(await settler.settleAll()).toBe(1);
  });

  redisTest('gets all lost requests, however many there are', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix });
    const ids = Array.from({ length: 450 }, (_, at) => `r${at}`);
    await Promise.all(ids.map((id) => all.admission.acquire(costly(id, 0, { budgets: undefined, money: undefined }))));
    await advance(all, 30_001);
    expect(await settlerOf(all).settleAll()).toBe(450);
    const settled = (await ledgerOf(all)).map((text) => requestEntrySchema.parse(JSON.parse(text)).id);
    expect(settled.toSorted()).toEqual(ids.toSorted());
  });

  redisTest('gets entries although Redis has lost all other data', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix });
    const { release } = await accept(all, costly('a', 60));
    const { connection, keys } = all;
    await connection.del(keys.openEntries, keys.leases, keys.spend('k:k'));
    release(spent(25, 'exact'));
    await until(async () => (await ledgerOf(all)).includes('exact'), { what: 'the release' });
    // Redis does not know whether an earlier call has charged it; the sums of the database do.
    expect(await createSpends(all).read(owner, Date.now())).toMatchObject({ total: 0, reserved: 0 });
  });

  redisTest('and all else of a request have a TTL', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 3 });
    const team = { id: 't', limits: { concurrency: 9, rpm: 9, tpm: 900 }, budgets: { day: 1000 } };
    const { release } = await accept(all, costly('a', 1, { team }));
    await accept(all, costly('b', 1, { team }));
    release(spent(1, 'e'));
    await until(async () => (await ledgerOf(all)).length === 1, { what: 'the release' });
    await advance(all, 30_001);
    await settlerOf(all).settleAll();
    await accept(all, costly('c', 1, { team }));
    const names = await all.connection.keys(`${keyPrefix}*`);
    expect(names.length).toBeGreaterThan(8);
    for (const name of names.filter((each) => !each.includes(':mb:'))) {
      expect(await all.connection.pttl(name), name).toBeGreaterThan(0);
    }
  });
});
