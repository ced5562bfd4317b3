import type { AdmissionRequest, Verdict } from '@sluice/admission';
import { redisTest, until } from '@sluice/testkit';
import { describe, expect } from 'vitest';
import { nothing, setUp } from './scene.ts';

/** `a1` is a request of key `a`. */
const of = (requestId: string, more: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
  requestId,
  keyId: requestId.slice(0, 1),
  limits: {},
  tokens: 10,
  ...more,
});

function accepted(verdict: Verdict) {
  if (verdict.kind !== 'accepted') throw new Error(`refused: ${verdict.reason}`);
  return verdict.lease;
}

describe('keys that wait', () => {
  redisTest('take turns, first come, first served within a key', async ({ redisUrl, keyPrefix }) => {
    const { admission, woken } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 });
    const running = accepted(await admission.acquire(of('x0')));
    const waiters = new Map<string, ReturnType<typeof accepted>>();
    for (const id of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']) {
      waiters.set(id, accepted(await admission.acquire(of(id))));
    }
    running.release(nothing);
    const order = await until(
      async () => {
        const those = await woken();
        waiters.get(those.at(-1) ?? '')?.release(nothing);
        return those.length === waiters.size && those;
      },
      { what: 'all waiters to have run' },
    );
    expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  });

  redisTest('get tokens in proportion to their weights, not turns', async ({ redisUrl, keyPrefix }) => {
    const { connection, keys, admission, woken } = await setUp(
      { redisUrl, keyPrefix },
      { maxConcurrentRequests: 1, queueSize: 100 },
    );
    const leases = new Map([['x0', accepted(await admission.acquire(of('x0')))]]);
    const enter = async (id: string, more: Partial<AdmissionRequest>): Promise<unknown> =>
      leases.set(id, accepted(await admission.acquire(of(id, more))));
    for (let at = 0; at < 30; at++) {
      await enter(`a${at}`, { tokens: 100 });
      await enter(`b${at}`, { tokens: 300 });
      await enter(`c${at}`, { tokens: 100, weight: 2 });
    }
    leases.get('x0')?.release(nothing);
    const served = { a: 0, b: 0, c: 0 };
    for (let turn = 1; turn <= 30; turn++) {
      await until(async () => (await connection.zcard(keys.leases)) === 1 && (await woken()).length === turn, {
        what: `turn ${turn}`,
      });
      const id = (await woken()).at(-1) ?? '';
      if (id.startsWith('a')) served.a += 100;
      if (id.startsWith('b')) served.b += 300;
      if (id.startsWith('c')) served.c += 100;
      leases.get(id)?.release(nothing);
    }
    // The difference is at most one request: a running request is never interrupted.
    expect(Math.abs(served.a - served.b)).toBeLessThanOrEqual(300);
    expect(Math.abs(served.a * 2 - served.c)).toBeLessThanOrEqual(300);
  });

  redisTest('are charged turns for used tokens, not for reserved ones', async ({ redisUrl, keyPrefix }) => {
    const { connection, keys, admission, woken } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1 });
    const running = accepted(await admission.acquire(of('x0')));
    const first = accepted(await admission.acquire(of('a1', { tokens: 100_000 })));
    for (const id of ['a2', 'b1', 'b2']) await admission.acquire(of(id, { tokens: 100 }));
    running.release(nothing);
    await until(async () => (await woken()).includes('a1'), { what: 'a1 to run' });
    expect(Number(await connection.zscore(keys.turns, 'a'))).toBe(100_000);
    first.release({ requests: 0, tokens: 50 - 100_000 });
    await until(async () => (await woken()).includes('b1'), { what: 'b1 to run' });
    expect(Number(await connection.zscore(keys.turns, 'a'))).toBe(50);
  });

  redisTest('save up no turns while they are away', async ({ redisUrl, keyPrefix }) => {
    const { admission, woken } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1, queueSize: 100 });
    const leases = new Map([['x0', accepted(await admission.acquire(of('x0')))]]);
    const enter = async (id: string): Promise<unknown> =>
      leases.set(id, accepted(await admission.acquire(of(id, { tokens: 100 }))));
    const next = async (count: number): Promise<void> => {
      for (let turn = 0; turn < count; turn++) {
        const before = (await woken()).length;
        leases.get((await woken()).at(-1) ?? 'x0')?.release(nothing);
        await until(async () => (await woken()).length > before, { what: 'the next turn' });
      }
    };
    for (const id of ['a1', 'a2', 'a3', 'a4', 'a5', 'a6']) await enter(id);
    await next(3);
    // b comes late: it gets half of the following turns, and none of the earlier ones.
    for (const id of ['b1', 'b2', 'b3']) await enter(id);
    await next(4);
    const late = (await woken()).slice(3).map((id) => id.slice(0, 1));
    expect(late.filter((key) => key === 'b')).toHaveLength(2);
  });
});

describe('a full waiting room', () => {
  const small = { maxConcurrentRequests: 1, queueSize: 4 };

  redisTest('accepts a key that has fewer waiters than another', async ({ redisUrl, keyPrefix }) => {
    const { admission, displaced } = await setUp({ redisUrl, keyPrefix }, small);
    const paid = { limits: { rpm: 10, tpm: 1000 }, tokens: 100 };
    await admission.acquire(of('x0'));
    const waiters = new Map<string, ReturnType<typeof accepted>>();
    for (const id of ['a1', 'a2', 'a3', 'a4']) waiters.set(id, accepted(await admission.acquire(of(id, paid))));
    expect(await admission.acquire(of('a5', paid))).toMatchObject({ kind: 'refused', reason: 'overloaded' });
    expect(await admission.acquire(of('b1'))).toMatchObject({ kind: 'accepted', lease: { mustWait: true } });
    expect(await admission.acquire(of('b2'))).toMatchObject({ kind: 'accepted', lease: { mustWait: true } });
    expect(await displaced()).toEqual(['a4', 'a3']);
    // Two each: another displacement would only swap the counts.
    expect(await admission.acquire(of('b3'))).toMatchObject({ kind: 'refused', reason: 'overloaded' });
    expect(await admission.acquire(of('c1'))).toMatchObject({ kind: 'accepted' });
    expect((await displaced()).toSorted()).toHaveLength(3);
    expect(await admission.occupancy()).toMatchObject({ running: 1, waiting: 4 });

    admission.displace('a4');
    const lease = waiters.get('a4');
    expect(await lease?.admitted).toBe('displaced');
    lease?.release({ requests: -1, tokens: -100 });
    // Four requests of a were admitted; one got its payment back.
    await until(async () => (await admission.acquire(of('a6', paid))).rates.requests?.remaining === 7, {
      what: 'the displaced request to be given back',
    });
  });

  redisTest('notifies a displaced request although the message was lost', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix }, { ...small, leaseMs: 600 });
    await admission.acquire(of('x0'));
    const waiters = [];
    for (const id of ['a1', 'a2', 'a3', 'a4']) waiters.push(accepted(await admission.acquire(of(id))));
    await admission.acquire(of('b1'));
    expect(await waiters.at(-1)?.admitted).toBe('displaced'); // without displace(): the renewal reports it
  });

  redisTest('of capacity 0 refuses every key', async ({ redisUrl, keyPrefix }) => {
    const { admission } = await setUp({ redisUrl, keyPrefix }, { maxConcurrentRequests: 1, queueSize: 0 });
    await admission.acquire(of('a1'));
    expect(await admission.acquire(of('b1'))).toMatchObject({ kind: 'refused', reason: 'overloaded' });
  });
});

describe('a key without its own limit', () => {
  const fleet = { maxConcurrentRequests: 6, queueSize: 4, defaultKeyConcurrency: 3 };

  redisTest('waits beyond its share, while other keys find free leases', async ({ redisUrl, keyPrefix }) => {
    const { admission, woken } = await setUp({ redisUrl, keyPrefix }, fleet);
    const verdicts = [];
    for (const id of ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8']) verdicts.push(await admission.acquire(of(id)));
    const kinds = verdicts.map((verdict) =>
      verdict.kind === 'refused' ? verdict.reason : verdict.lease.mustWait ? 'waits' : 'runs',
    );
    expect(kinds).toEqual(['runs', 'runs', 'runs', 'waits', 'waits', 'waits', 'waits', 'overloaded']);
    for (const id of ['b1', 'b2', 'b3']) {
      expect(await admission.acquire(of(id))).toMatchObject({ kind: 'accepted', lease: { mustWait: false } });
    }
    const [first] = verdicts;
    if (first === undefined) throw new Error('no verdict');
    accepted(first).release(nothing);
    await until(async () => (await woken()).length > 0, { what: 'the next of a to run' });
    expect(await woken()).toEqual(['a4']);
  });

  redisTest('keeps its share as long as it renews its leases', async ({ redisUrl, keyPrefix }) => {
    const all = await setUp({ redisUrl, keyPrefix }, { ...fleet, leaseMs: 600 });
    for (const id of ['k1', 'k2', 'k3']) await all.admission.acquire(of(id));
    const { connection, keys } = all;
    const endOf = async (): Promise<number> => Number(await connection.zscore(keys.keyLeases('k'), 'k1'));
    const first = await endOf();
    await until(async () => (await endOf()) > first + 600, { what: 'its leases to be renewed' });
    expect(await all.admission.acquire(of('k4'))).toMatchObject({ kind: 'accepted', lease: { mustWait: true } });
  });

  redisTest('has only the limit of the fleet if that equals its share', async ({ redisUrl, keyPrefix }) => {
    const { admission, connection, keys } = await setUp(
      { redisUrl, keyPrefix },
      { ...fleet, defaultKeyConcurrency: 6 },
    );
    for (const id of ['a1', 'a2', 'a3', 'a4', 'a5', 'a6']) {
      expect(await admission.acquire(of(id))).toMatchObject({ kind: 'accepted', lease: { mustWait: false } });
    }
    expect(await connection.exists(keys.keyLeases('a'))).toBe(0);
  });
});

describe('numbers that come from a provider', () => {
  const limits = { tpm: 200_000 };

  for (const tokens of [1e12, Number.MAX_SAFE_INTEGER, Infinity, NaN])
    redisTest(`of ${tokens} tokens cost a key an hour at most`, async ({ redisUrl, keyPrefix }) => {
      const { admission, connection, keys } = await setUp({ redisUrl, keyPrefix });
      const lease = accepted(await admission.acquire(of('a1', { limits: { tpm: 1000 }, tokens: 10 })));
      lease.release({ requests: 0, tokens });
      await until(async () => (await admission.occupancy()).running === 0, { what: 'the release' });
      const ttl = await connection.pttl(keys.tokenRate('a'));
      expect(ttl).toBeGreaterThan(0);
      expect(ttl).toBeLessThanOrEqual(3_601_000);
    });

  redisTest('stored by an older version are read as at most an hour', async ({ redisUrl, keyPrefix }) => {
    const { admission, connection, keys } = await setUp({ redisUrl, keyPrefix });
    await connection.set(keys.tokenRate('k'), String(Date.now() + 1e12), 'PX', 1e12);
    const verdict = await admission.acquire(of('k1', { limits }));
    expect(verdict).toMatchObject({ kind: 'refused', reason: 'tokens' });
    expect(verdict.rates.tokens?.resetMs).toBeLessThanOrEqual(3_600_000);
  });
});
