import { redisTest, until } from '@sluice/testkit';
import { describe, expect } from 'vitest';
import { createScripts } from '../src/scripts.ts';
import { advance, ask, nothing, setUp } from './scene.ts';

describe('leases', () => {
  redisTest('refuse the 21st request of a key with 20 leases', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix });
    const verdicts = await Promise.all(
      Array.from({ length: 21 }, (_, at) => admission.acquire(ask(`r${at}`, { concurrency: 20 }))),
    );
    expect(verdicts.filter(({ kind }) => kind === 'accepted')).toHaveLength(20);
    expect(verdicts.find(({ kind }) => kind === 'refused')).toMatchObject({
      reason: 'concurrency',
      retryAfterMs: 1000,
    });
  });

  redisTest('are given once per request id, even if it asks again', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 });
    const limits = { rpm: 10 };
    await admission.acquire(ask('r', limits));
    const again = await admission.acquire(ask('r', limits));
    expect(again).toMatchObject({ kind: 'accepted', rates: { requests: { remaining: 9 } } });
    expect(await admission.occupancy()).toMatchObject({ running: 1, waiting: 0 });
  });

  redisTest('become free at once when released, and only once', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1, queueSize: 0 });
    const first = await admission.acquire(ask('a'));
    if (first.kind !== 'accepted') throw new Error('refused');
    first.lease.release(nothing);
    first.lease.release(nothing);
    expect((await admission.acquire(ask('b'))).kind).toBe('accepted');
    expect((await admission.acquire(ask('c'))).kind).toBe('refused');
  });

  redisTest('of a crashed ingress become free when they expire', async ({ redisUrl, keyPrefix }) => {
    const crashed = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1, queueSize: 0 });
    await crashed.admission.acquire(ask('a'));
    await crashed.admission.close(0);
    const other = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1, queueSize: 0 }, 'i-2');
    expect((await other.admission.acquire(ask('b'))).kind).toBe('refused');
    await advance(other, 31_000);
    expect((await other.admission.acquire(ask('b'))).kind).toBe('accepted');
  });

  redisTest('stay with the ingress that renews them', async ({ redisUrl, keyPrefix }) => {
    const holder = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1, queueSize: 0, leaseMs: 600 });
    const { connection, keys } = holder;
    await holder.admission.acquire(ask('a', { concurrency: 1 }));
    const endOf = async (key: string): Promise<number> => Number(await connection.zscore(key, 'a'));
    const first = await endOf(keys.leases);
    await until(async () => (await endOf(keys.leases)) > first + 600, { what: 'the lease to be renewed' });
    expect(await endOf(keys.keyLeases('k'))).toBeGreaterThan(first);
    expect((await holder.admission.acquire(ask('b'))).kind).toBe('refused');
  });

  redisTest('that are lost are taken again if some are free, else reported', async ({ redisUrl, keyPrefix }) => {
    const { admission, connection, keys, lost } = await setUp(
      { redisUrl, keyPrefix },
      { maxConcurrentRequests: 1, leaseMs: 600 },
    );
    await admission.acquire(ask('a'));
    await connection.del(keys.leases);
    await until(async () => (await connection.zscore(keys.leases, 'a')) !== null, { what: 'the lease to be back' });
    await connection.del(keys.leases);
    await connection.zadd(keys.leases, Date.now() + 60_000, 'other');
    await until(() => lost.includes('a'), { what: 'the loss to be reported' });
  });
});

describe('the waiting room', () => {
  redisTest('hands a freed lease to the first waiter in the same step', async ({ redisUrl, keyPrefix }) => {
    const { admission, woken } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 });
    const running = await admission.acquire(ask('a'));
    const second = await admission.acquire(ask('b'));
    await admission.acquire(ask('c'));
    if (running.kind !== 'accepted' || second.kind !== 'accepted') throw new Error('refused');
    expect([running.lease.mustWait, second.lease.mustWait]).toEqual([false, true]);

    running.lease.release(nothing);
    await until(async () => (await woken()).length > 0, { what: 'a waiter to be woken' });
    expect(await woken()).toEqual(['b']);
    expect(await admission.occupancy()).toMatchObject({ running: 1, waiting: 1 });
    admission.wake('b');
    await second.lease.admitted;
  });

  redisTest('lets no new request overtake the waiters', async ({ redisUrl, keyPrefix }) => {
    const { admission, woken } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 });
    const first = await admission.acquire(ask('a'));
    await admission.acquire(ask('b'));
    if (first.kind !== 'accepted') throw new Error('refused');
    first.lease.release(nothing);
    const late = await admission.acquire(ask('late'));
    expect(late).toMatchObject({ kind: 'accepted', lease: { mustWait: true } });
    expect(await woken()).toEqual(['b']);
  });

  redisTest('is bounded, and a refusal beyond it consumes nothing', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1, queueSize: 1 });
    const limits = { rpm: 10, tpm: 1000, concurrency: 5 };
    await admission.acquire(ask('a', limits, 100));
    await admission.acquire(ask('b', limits, 100));
    const refusal = await admission.acquire(ask('c', limits, 100));
    expect(refusal).toMatchObject({
      kind: 'refused',
      reason: 'overloaded',
      rates: { requests: { remaining: 8 }, tokens: { remaining: 800 } },
    });
    expect((await admission.acquire(ask('d', limits, 100))).rates.requests?.remaining).toBe(8);
  });

  redisTest('gives back everything a waiter has paid when it leaves', async ({ redisUrl, keyPrefix }) => {
    const { admission, connection, keys } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 });
    const limits = { rpm: 10, tpm: 1000, concurrency: 2 };
    await admission.acquire(ask('a', limits, 100));
    const waiter = await admission.acquire(ask('b', limits, 100));
    if (waiter.kind !== 'accepted') throw new Error('refused');
    waiter.lease.release({ requests: -1, tokens: -100 });
    await until(async () => (await connection.hget(keys.waiters, 'b')) === null, { what: 'the waiter to leave' });
    const next = await admission.acquire(ask('c', limits, 100));
    expect(next.rates).toMatchObject({ requests: { remaining: 8 }, tokens: { remaining: 800 } });
  });

  redisTest('skips waiters whose ingress is gone', async ({ redisUrl, keyPrefix }) => {
    const gone = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 }, 'i-gone');
    const here = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 }, 'i-here');
    const running = await here.admission.acquire(ask('a'));
    await gone.admission.acquire(ask('b'));
    await here.admission.acquire(ask('c'));
    await gone.connection.del(gone.keys.admissionMailbox('i-gone'));
    if (running.kind !== 'accepted') throw new Error('refused');
    running.lease.release(nothing);
    await until(async () => (await here.woken()).includes('c'), { what: 'the next waiter to be woken' });
    expect(await here.admission.occupancy()).toMatchObject({ running: 1, waiting: 0 });
  });

  redisTest('removes waiters that no ingress vouches for', async ({ redisUrl, keyPrefix }) => {
    const first = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 }, 'i-1');
    await first.admission.acquire(ask('a'));
    await first.admission.acquire(ask('b'));
    await first.admission.close(0);
    await advance(first, 31_000);
    const second = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 }, 'i-2');
    expect(await second.admission.acquire(ask('c'))).toMatchObject({ kind: 'accepted', lease: { mustWait: false } });
    expect(await second.admission.occupancy()).toMatchObject({ running: 1, waiting: 0 });
  });

  redisTest('handles a wake-up that overtakes the reply to its request', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 });
    await admission.acquire(ask('a'));
    const asked = admission.acquire(ask('b'));
    admission.wake('b');
    const second = await asked;
    if (second.kind !== 'accepted') throw new Error('refused');
    expect(second.lease.mustWait).toBe(true);
    await second.lease.admitted; // the next renewal is 10 s away, longer than the test's timeout
  });

  redisTest('makes up for a lost wake-up', async ({ redisUrl, keyPrefix }) => {
    const { admission, connection, keys } = await setUp(
      { redisUrl, keyPrefix },
      { maxConcurrentRequests: 1, leaseMs: 600 },
    );
    const first = await admission.acquire(ask('a'));
    const second = await admission.acquire(ask('b'));
    if (first.kind !== 'accepted' || second.kind !== 'accepted') throw new Error('refused');
    first.lease.release(nothing);
    await until(async () => (await connection.zscore(keys.leases, 'b')) !== null, { what: 'b to be admitted' });
    await second.lease.admitted; // without wake(): the renewal finds the lease
  });
});

describe('rates', () => {
  redisTest('let a burst through, then one request at a time', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix });
    const limits = { rpm: 60, rpmBurst: 3 };
    const go = async (id: string) => all.admission.acquire(ask(id, limits));
    expect((await go('a')).rates.requests).toMatchObject({ limit: 60, remaining: 2 });
    await go('b');
    await go('c');
    const refused = await go('d');
    expect(refused).toMatchObject({ kind: 'refused', reason: 'requests' });
    if (refused.kind !== 'refused') throw new Error('accepted');
    expect(refused.retryAfterMs).toBeGreaterThan(900);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(1000);
    await advance(all, 1000);
    expect((await go('d')).kind).toBe('accepted');
    expect((await go('e')).kind).toBe('refused');
  });

  redisTest('allow a burst of one minute by default', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix });
    const verdicts = await Promise.all(
      Array.from({ length: 8 }, (_, at) => admission.acquire(ask(`r${at}`, { rpm: 5 }))),
    );
    expect(verdicts.filter(({ kind }) => kind === 'accepted')).toHaveLength(5);
  });

  redisTest('count the reserved tokens, then the used ones', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix });
    const limits = { tpm: 1000 };
    const first = await admission.acquire(ask('a', limits, 600));
    expect(first.rates.tokens).toMatchObject({ limit: 1000, remaining: 400 });
    expect(await admission.acquire(ask('b', limits, 500))).toMatchObject({ kind: 'refused', reason: 'tokens' });
    if (first.kind !== 'accepted') throw new Error('refused');
    first.lease.release({ requests: 0, tokens: 50 - 600 });
    await until(async () => (await admission.occupancy()).running === 0, { what: 'the release' });
    const second = await admission.acquire(ask('c', limits, 500));
    expect(second.rates.tokens?.remaining).toBeGreaterThanOrEqual(450);
    expect(second.rates.tokens?.remaining).toBeLessThanOrEqual(452);
  });

  redisTest('charge a key for tokens used beyond the reservation', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix });
    const limits = { tpm: 1000 };
    const first = await admission.acquire(ask('a', limits, 10));
    if (first.kind !== 'accepted') throw new Error('refused');
    first.lease.release({ requests: 0, tokens: 1990 });
    await until(async () => (await admission.occupancy()).running === 0, { what: 'the release' });
    const second = await admission.acquire(ask('b', limits, 10));
    expect(second).toMatchObject({ kind: 'refused', reason: 'tokens' });
    if (second.kind === 'refused') expect(second.retryAfterMs).toBeGreaterThan(59_000);
  });

  redisTest('report no retry time for a request larger than the burst', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix });
    const verdict = await admission.acquire(ask('a', { tpm: 1000 }, 1001));
    expect(verdict).toMatchObject({ kind: 'refused', reason: 'tokens', retryAfterMs: undefined });
  });

  redisTest(
    'admit at most limit and burst, and nearly all of it, under ten times the load',
    async ({ redisUrl, keyPrefix }) => {
      const all = await setUp({ redisUrl, keyPrefix });
      const limits = { rpm: 600, rpmBurst: 100 };
      let admitted = 0;
      const minutes = 3;
      const stepMs = 100;
      const begunAt = performance.now();
      for (let at = 0; at < (minutes * 60_000) / stepMs; at += 10) {
        const verdicts = await Promise.all(
          Array.from({ length: 100 }, (_, each) => all.admission.acquire(ask(`r${at}-${each}`, limits))),
        );
        admitted += verdicts.filter(({ kind }) => kind === 'accepted').length;
        for (const verdict of verdicts) if (verdict.kind === 'accepted') verdict.lease.release(nothing);
        await advance(all, stepMs * 10);
      }
      // The duration of the test itself counts too.
      const whileTesting = ((performance.now() - begunAt) / 60_000) * limits.rpm;
      expect(admitted).toBeLessThanOrEqual(minutes * limits.rpm + limits.rpmBurst + whileTesting + 1);
      expect(admitted).toBeGreaterThanOrEqual(minutes * limits.rpm * 0.97);
    },
  );
});

describe('the scripts', () => {
  redisTest('end several requests in one call, each with its own correction', async ({ redisUrl, keyPrefix }) => {
    const fleet = { maxConcurrentRequests: 2, queueSize: 4, leaseMs: 30_000 };
    const { connection, keys, woken } = await setUp({ redisUrl, keyPrefix }, fleet);
    const scripts = createScripts({ connection, keys, ingressId: 'i-1', fleet });
    const limits = { tpm: 1000 };
    const of = (requestId: string, keyId: string) => ({ requestId, keyId, limits, tokens: 100 });
    const running = [of('a', 'k'), of('b', 'other')];
    const waiting = [of('c', 'k'), of('d', 'k'), of('e', 'k')];
    for (const request of [...running, ...waiting]) await scripts.acquire(request);
    const ended = [...running, of('unknown', 'k'), of('c', 'k')].map((request, at) => ({
      request,
      correction: { requests: 0, tokens: -100 * at, hasWaited: false },
    }));
    expect(await scripts.release(ended)).toEqual([true, true, false, true]);
    expect((await connection.zrange(keys.leases, '0', '-1')).toSorted()).toEqual(['d', 'e']);
    expect(await woken()).toEqual(['d', 'e']);
    expect(await scripts.release(ended)).toEqual([false, false, false, false]);
    // Of `k`: four requests, one of which gave back 300. Of `other`: one, which gave back 100.
    expect((await scripts.acquire(of('f', 'k'))).tokens.remaining).toBe(800);
    expect((await scripts.acquire(of('g', 'other'))).tokens.remaining).toBe(900);
  });

  redisTest('set a TTL on everything in Redis', async ({ redisUrl, keyPrefix }) => {
    const { admission, connection } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 });
    const limits = { rpm: 5, tpm: 100, concurrency: 5 };
    await admission.acquire(ask('a', limits, 10));
    await admission.acquire(ask('b', limits, 10));
    const names = await connection.keys(`${keyPrefix}*`);
    expect(names.length).toBeGreaterThan(5);
    for (const name of names.filter((each) => !each.includes(':mb:'))) {
      expect(await connection.pttl(name), name).toBeGreaterThan(0);
    }
  });
});
