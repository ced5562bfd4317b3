import { type Admission, createAdmission, type FleetLimits, type KeyLimits } from '@sluice/admission';
import { connect, createKeys, type Keys, type RedisConnection, untilReady } from '@sluice/redis';
import { redisTest, until } from '@sluice/testkit';
import fc from 'fast-check';
import { afterEach, describe, expect } from 'vitest';
import { createScripts } from '../src/scripts.ts';
import { createAdmissionModel } from './admission-model.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function open(redisUrl: string): Promise<RedisConnection> {
  const connection = connect({ settings: { kind: 'single', url: redisUrl }, role: 'command', name: 'test', onError });
  closers.push(() => connection.disconnect());
  await untilReady(connection, 5000);
  return connection;
}

function onError(error: unknown): never {
  throw error;
}

const unlimited: KeyLimits = {};
const roomy: FleetLimits = { maxConcurrentRequests: 1000, queueSize: 10, leaseMs: 30_000 };

interface SetUp {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly admission: Admission;
  readonly lost: string[];
  /** Ids that the mailbox says were admitted, in order. */
  woken(): Promise<string[]>;
}

async function setUp(
  { redisUrl, keyPrefix }: { redisUrl: string; keyPrefix: string },
  fleet: Partial<FleetLimits> = {},
  ingressId = 'i-1',
): Promise<SetUp> {
  const connection = await open(redisUrl);
  const keys = createKeys(keyPrefix);
  const lost: string[] = [];
  const admission = createAdmission({
    connection,
    keys,
    ingressId,
    fleet: { ...roomy, ...fleet },
    onError,
    onLeaseLost: (requestId) => lost.push(requestId),
    random: () => 0.5,
  });
  closers.push(() => admission.close(1000));
  await connection.xadd(keys.admissionMailbox(ingressId), '*', 'f', '');
  const woken = async (): Promise<string[]> => {
    const entries = await connection.xrange(keys.admissionMailbox(ingressId), '-', '+');
    return entries.flatMap(([, [, batch]]) => /^(\S+) 0 0 admitted 0\n$/.exec(batch ?? '')?.[1] ?? []);
  };
  return { connection, keys, admission, lost, woken };
}

const ask = (requestId: string, limits: KeyLimits = unlimited, tokens = 0) => ({
  requestId,
  keyId: 'k',
  limits,
  tokens,
});
const nothing = { requests: 0, tokens: 0 };

/** Lets time pass for everything that admission has stored: it has no other clock than Redis's own. */
async function advance({ connection, keys }: Pick<SetUp, 'connection' | 'keys'>, ms: number): Promise<void> {
  for (const key of [keys.leases, keys.vouched, keys.keyLeases('k'), keys.keyLeases('k0'), keys.keyLeases('k1')]) {
    const members = await connection.zrange(key, '0', '-1', 'WITHSCORES');
    for (let at = 0; at + 1 < members.length; at += 2) {
      await connection.zadd(key, String(Number(members[at + 1]) - ms), String(members[at]));
    }
  }
  for (const key of [keys.requestRate('k'), keys.tokenRate('k')]) {
    const arrival = await connection.get(key);
    if (arrival !== null) await connection.set(key, String(Number(arrival) - ms), 'KEEPTTL');
  }
}

describe('leases', () => {
  redisTest('refuse the 21st request of a key that may run 20', async ({ redisUrl, keyPrefix }) => {
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

  redisTest('are given once per request id, however often it asks', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 });
    const limits = { rpm: 10 };
    await admission.acquire(ask('r', limits));
    const again = await admission.acquire(ask('r', limits));
    expect(again).toMatchObject({ kind: 'accepted', rates: { requests: { remaining: 9 } } });
    expect(await admission.occupancy()).toEqual({ running: 1, waiting: 0 });
  });

  redisTest('come back at once when released, and only once', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1, queueSize: 0 });
    const first = await admission.acquire(ask('a'));
    if (first.kind !== 'accepted') throw new Error('refused');
    first.ticket.release(nothing);
    first.ticket.release(nothing);
    expect((await admission.acquire(ask('b'))).kind).toBe('accepted');
    expect((await admission.acquire(ask('c'))).kind).toBe('refused');
  });

  redisTest('of a crashed ingress come free when they end', async ({ redisUrl, keyPrefix }) => {
    const crashed = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1, queueSize: 0 });
    await crashed.admission.acquire(ask('a'));
    await crashed.admission.close(0);
    const other = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1, queueSize: 0 }, 'i-2');
    expect((await other.admission.acquire(ask('b'))).kind).toBe('refused');
    await advance(other, 31_000);
    expect((await other.admission.acquire(ask('b'))).kind).toBe('accepted');
  });

  redisTest('stay with whoever renews them', async ({ redisUrl, keyPrefix }) => {
    const holder = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1, queueSize: 0, leaseMs: 600 });
    const { connection, keys } = holder;
    await holder.admission.acquire(ask('a', { concurrency: 1 }));
    const endOf = async (key: string): Promise<number> => Number(await connection.zscore(key, 'a'));
    const first = await endOf(keys.leases);
    await until(async () => (await endOf(keys.leases)) > first + 600, { what: 'the lease to outlive itself' });
    expect(await endOf(keys.keyLeases('k'))).toBeGreaterThan(first);
    expect((await holder.admission.acquire(ask('b'))).kind).toBe('refused');
  });

  redisTest('that are lost are taken again if there is room, and reported if not', async ({ redisUrl, keyPrefix }) => {
    const { admission, connection, keys, lost } = await setUp(
      { redisUrl, keyPrefix },
      { maxConcurrentRequests: 1, leaseMs: 600 },
    );
    await admission.acquire(ask('a'));
    await connection.del(keys.leases);
    await until(async () => (await connection.zscore(keys.leases, 'a')) !== null, { what: 'the lease to be back' });
    await connection.del(keys.leases);
    await connection.zadd(keys.leases, Date.now() + 60_000, 'stranger');
    await until(() => lost.includes('a'), { what: 'the loss to be reported' });
  });
});

describe('the waiting room', () => {
  redisTest('hands a lease to the first in line, in the step that frees it', async ({ redisUrl, keyPrefix }) => {
    const { admission, woken } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 });
    const running = await admission.acquire(ask('a'));
    const second = await admission.acquire(ask('b'));
    await admission.acquire(ask('c'));
    if (running.kind !== 'accepted' || second.kind !== 'accepted') throw new Error('refused');
    expect([running.ticket.mustWait, second.ticket.mustWait]).toEqual([false, true]);

    running.ticket.release(nothing);
    await until(async () => (await woken()).length > 0, { what: 'a waiter to be woken' });
    expect(await woken()).toEqual(['b']);
    expect(await admission.occupancy()).toEqual({ running: 1, waiting: 1 });
    admission.wake('b');
    await second.ticket.admitted;
  });

  redisTest('lets nobody pass by those who wait', async ({ redisUrl, keyPrefix }) => {
    const { admission, woken } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 });
    const first = await admission.acquire(ask('a'));
    await admission.acquire(ask('b'));
    if (first.kind !== 'accepted') throw new Error('refused');
    first.ticket.release(nothing);
    const late = await admission.acquire(ask('late'));
    expect(late).toMatchObject({ kind: 'accepted', ticket: { mustWait: true } });
    expect(await woken()).toEqual(['b']);
  });

  redisTest('is bounded, and beyond it a refusal consumes nothing', async ({ redisUrl, keyPrefix }) => {
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

  redisTest('gives back all that a waiter had paid when it leaves', async ({ redisUrl, keyPrefix }) => {
    const { admission, connection, keys } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 });
    const limits = { rpm: 10, tpm: 1000, concurrency: 2 };
    await admission.acquire(ask('a', limits, 100));
    const waiter = await admission.acquire(ask('b', limits, 100));
    if (waiter.kind !== 'accepted') throw new Error('refused');
    waiter.ticket.release({ requests: -1, tokens: -100 });
    await until(async () => (await connection.zscore(keys.waiting, 'b')) === null, { what: 'the waiter to leave' });
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
    running.ticket.release(nothing);
    await until(async () => (await here.woken()).includes('c'), { what: 'the next waiter to be woken' });
    expect(await here.admission.occupancy()).toEqual({ running: 1, waiting: 0 });
  });

  redisTest('forgets waiters for whom nobody vouches', async ({ redisUrl, keyPrefix }) => {
    const first = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 }, 'i-1');
    await first.admission.acquire(ask('a'));
    await first.admission.acquire(ask('b'));
    await first.admission.close(0);
    await advance(first, 31_000);
    const second = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 }, 'i-2');
    expect(await second.admission.acquire(ask('c'))).toMatchObject({ kind: 'accepted', ticket: { mustWait: false } });
    expect(await second.admission.occupancy()).toEqual({ running: 1, waiting: 0 });
  });

  redisTest('heeds a wake-up that overtakes the answer to its request', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 });
    await admission.acquire(ask('a'));
    const asked = admission.acquire(ask('b'));
    admission.wake('b');
    const second = await asked;
    if (second.kind !== 'accepted') throw new Error('refused');
    expect(second.ticket.mustWait).toBe(true);
    await second.ticket.admitted; // the renewal is 10 s away, longer than until this test fails
  });

  redisTest('makes good for a wake-up that got lost', async ({ redisUrl, keyPrefix }) => {
    const { admission, connection, keys } = await setUp(
      { redisUrl, keyPrefix },
      { maxConcurrentRequests: 1, leaseMs: 600 },
    );
    const first = await admission.acquire(ask('a'));
    const second = await admission.acquire(ask('b'));
    if (first.kind !== 'accepted' || second.kind !== 'accepted') throw new Error('refused');
    first.ticket.release(nothing);
    await until(async () => (await connection.zscore(keys.leases, 'b')) !== null, { what: 'b to be admitted' });
    await second.ticket.admitted; // nobody has called wake(): the renewal found out
  });
});

describe('rates', () => {
  redisTest('let a burst through and then one after the other', async ({ redisUrl, keyPrefix }) => {
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

  redisTest('give a whole minute as burst by default', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix });
    const verdicts = await Promise.all(
      Array.from({ length: 8 }, (_, at) => admission.acquire(ask(`r${at}`, { rpm: 5 }))),
    );
    expect(verdicts.filter(({ kind }) => kind === 'accepted')).toHaveLength(5);
  });

  redisTest('count tokens as reserved, then as used', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix });
    const limits = { tpm: 1000 };
    const first = await admission.acquire(ask('a', limits, 600));
    expect(first.rates.tokens).toMatchObject({ limit: 1000, remaining: 400 });
    expect(await admission.acquire(ask('b', limits, 500))).toMatchObject({ kind: 'refused', reason: 'tokens' });
    if (first.kind !== 'accepted') throw new Error('refused');
    first.ticket.release({ requests: 0, tokens: 50 - 600 });
    await until(async () => (await admission.occupancy()).running === 0, { what: 'the release' });
    const second = await admission.acquire(ask('c', limits, 500));
    expect(second.rates.tokens?.remaining).toBeGreaterThanOrEqual(450);
    expect(second.rates.tokens?.remaining).toBeLessThanOrEqual(452);
  });

  redisTest('hold a request against the key that used more than it reserved', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix });
    const limits = { tpm: 1000 };
    const first = await admission.acquire(ask('a', limits, 10));
    if (first.kind !== 'accepted') throw new Error('refused');
    first.ticket.release({ requests: 0, tokens: 1990 });
    await until(async () => (await admission.occupancy()).running === 0, { what: 'the release' });
    const second = await admission.acquire(ask('b', limits, 10));
    expect(second).toMatchObject({ kind: 'refused', reason: 'tokens' });
    if (second.kind === 'refused') expect(second.retryAfterMs).toBeGreaterThan(59_000);
  });

  redisTest('say that no waiting helps a request larger than the burst', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix });
    const verdict = await admission.acquire(ask('a', { tpm: 1000 }, 1001));
    expect(verdict).toMatchObject({ kind: 'refused', reason: 'tokens', retryAfterMs: undefined });
  });

  redisTest(
    'admit no more than limit and burst, and nearly all of it, under ten times the load',
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
        for (const verdict of verdicts) if (verdict.kind === 'accepted') verdict.ticket.release(nothing);
        await advance(all, stepMs * 10);
      }
      // The time that the test itself takes passes too.
      const whileTesting = ((performance.now() - begunAt) / 60_000) * limits.rpm;
      expect(admitted).toBeLessThanOrEqual(minutes * limits.rpm + limits.rpmBurst + whileTesting + 1);
      expect(admitted).toBeGreaterThanOrEqual(minutes * limits.rpm * 0.97);
    },
  );
});

describe('the scripts', () => {
  redisTest('leave nothing in Redis that has no end', async ({ redisUrl, keyPrefix }) => {
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

  redisTest(
    'do what the model does, whatever is asked of them',
    async ({ redisUrl, keyPrefix }) => {
      const limits = { fleet: 2, places: 2, leaseMs: 1_000_000, keyConcurrency: 3 };
      const command = fc.oneof(
        fc.record({ do: fc.constant('acquire' as const), id: fc.nat(6), key: fc.nat(1) }),
        fc.record({ do: fc.constant('release' as const), id: fc.nat(6), key: fc.nat(1) }),
        fc.record({ do: fc.constant('renew' as const), id: fc.nat(6), key: fc.nat(1) }),
        fc.record({ do: fc.constant('advance' as const), id: fc.constantFrom(400_000, 700_000), key: fc.constant(0) }),
      );
      const fleet = { maxConcurrentRequests: limits.fleet, queueSize: limits.places, leaseMs: limits.leaseMs };
      const all = await setUp({ redisUrl, keyPrefix }, fleet);
      const { connection, keys } = all;
      // Not through `Admission`: that would never renew or release what it does not hold.
      const scripts = createScripts({ connection, keys, ingressId: 'i-1', fleet });
      await fc.assert(
        fc.asyncProperty(fc.array(command, { maxLength: 25 }), async (commands) => {
          const stored = await connection.keys(`${keyPrefix}:{adm}:*`);
          const old = stored.filter((name) => !name.includes(':mb:'));
          if (old.length > 0) await connection.del(...old);
          const model = createAdmissionModel(limits);
          for (const { do: action, id, key } of commands) {
            const requestId = `r${id}-k${key}`;
            const keyId = `k${key}`;
            if (action === 'advance') {
              model.advance(id);
              await advance(all, id);
              continue;
            }
            const request = { requestId, keyId, limits: { concurrency: limits.keyConcurrency }, tokens: 0 };
            if (action === 'acquire') {
              const reply = await scripts.acquire(request);
              const verdict = reply.verdict === 'refused' ? reply.reason : reply.verdict;
              expect(verdict).toBe(model.acquire(requestId, keyId));
            } else if (action === 'release') {
              await scripts.release(request, nothing);
              model.release(requestId, keyId);
            } else {
              await scripts.renew([request]);
              model.renew(requestId, keyId);
            }
            const now = Date.now();
            expect((await connection.zrangebyscore(keys.leases, now, '+inf')).toSorted()).toEqual(model.running);
            const vouched = await connection.zrangebyscore(keys.vouched, now, '+inf');
            const waiting = await connection.zrange(keys.waiting, '0', '-1');
            expect(waiting.filter((each) => vouched.includes(each))).toEqual(model.waiting);
          }
        }),
        { numRuns: 150 },
      );
    },
    60_000,
  );
});
