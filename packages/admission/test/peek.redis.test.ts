import { createAdmission, createPeek, type KeyLimits, teamKeyId } from '@sluice/admission';
import { connect, createKeys, untilReady } from '@sluice/redis';
import { redisTest } from '@sluice/testkit';
import { afterEach, describe, expect } from 'vitest';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function setUp({ redisUrl, keyPrefix }: { redisUrl: string; keyPrefix: string }) {
  const onError = (error: unknown): never => {
    throw error;
  };
  const connection = connect({ settings: { kind: 'single', url: redisUrl }, role: 'command', name: 'test', onError });
  closers.push(() => connection.disconnect());
  await untilReady(connection, 5000);
  const keys = createKeys(keyPrefix);
  const admission = createAdmission({
    connection,
    keys,
    ingressId: 'i-1',
    fleet: { maxConcurrentRequests: 1000, queueSize: 10, leaseMs: 30_000 },
    onError,
    onLeaseLost: () => undefined,
    random: () => 0.5,
  });
  closers.push(() => admission.close(1000));
  const peek = createPeek({ connection, keys });
  return {
    connection,
    acquire: (requestId: string, limits: KeyLimits, tokens = 10) =>
      admission.acquire({ requestId, keyId: 'k', limits, tokens }),
    acquireInTeam: (requestId: string, limits: KeyLimits) => {
      const accounting = { openEntry: '{"id":"r"}', promptTokens: 1, team: { id: 't', limits, budgets: {} } };
      return admission.acquire({ requestId, keyId: 'k', limits: {}, tokens: 10, accounting });
    },
    peek: (limits: KeyLimits, reading = 0) => peek({ keyId: 'k', limits, reading }),
    peekAtTeam: (limits: KeyLimits) => peek({ keyId: teamKeyId('t'), limits, reading: 0 }),
  };
}

describe('a peek at the limits of a key', () => {
  redisTest('refuses no key without limits, and consumes nothing', async ({ redisUrl, keyPrefix }) => {
    const { peek, connection } = await setUp({ redisUrl, keyPrefix });
    expect(await peek({})).toEqual({ refusal: undefined, rates: { requests: undefined, tokens: undefined } });
    const limits = { concurrency: 1, rpm: 1, tpm: 100 };
    for (let round = 0; round < 3; round++) expect((await peek(limits)).refusal).toBeUndefined();
    expect(await connection.keys(`${keyPrefix}*`)).toEqual([]);
  });

  redisTest('sees the limits of a team too', async ({ redisUrl, keyPrefix }) => {
    const { peekAtTeam, acquireInTeam } = await setUp({ redisUrl, keyPrefix });
    const limits = { concurrency: 2, rpm: 5, tpm: 100 };
    await acquireInTeam('a', limits);
    expect(await peekAtTeam(limits)).toMatchObject({
      refusal: undefined,
      rates: { requests: { remaining: 4 }, tokens: { remaining: 90 } },
    });
    await acquireInTeam('b', limits);
    expect((await peekAtTeam(limits)).refusal?.reason).toBe('concurrency');
  });

  redisTest('gives the same answer as the decision itself', async ({ redisUrl, keyPrefix }) => {
    const { peek, acquire } = await setUp({ redisUrl, keyPrefix });
    const cases: [KeyLimits, number, string][] = [
      [{ concurrency: 1 }, 10, 'concurrency'],
      [{ rpm: 6, rpmBurst: 1 }, 10, 'requests'],
      [{ tpm: 100 }, 100, 'tokens'],
    ];
    for (const [limits, tokens, reason] of cases) {
      expect(await acquire(`r-${reason}`, limits, tokens)).toMatchObject({ kind: 'accepted' });
      const refused = await acquire(`s-${reason}`, limits, 1);
      expect(refused).toMatchObject({ kind: 'refused', reason });
      const { refusal, rates } = await peek(limits);
      expect(refusal?.reason).toBe(reason);
      const longest = reason === 'concurrency' ? 1000 : 10_000;
      expect(refusal?.retryAfterMs).toBeGreaterThan(0);
      expect(refusal?.retryAfterMs).toBeLessThanOrEqual(longest);
      expect(rates.requests?.remaining).toBe(refused.rates.requests?.remaining);
      expect(rates.tokens?.remaining).toBe(refused.rates.tokens?.remaining);
    }
  });

  redisTest('reads a rate that lies beyond the longest debt as the decision does', async ({ redisUrl, keyPrefix }) => {
    const { peek, acquire, connection } = await setUp({ redisUrl, keyPrefix });
    const limits = { tpm: 100 };
    await connection.set(createKeys(keyPrefix).tokenRate('k'), String(Date.now() + 300 * 86_400_000), 'PX', 60_000);
    expect(await acquire('late', limits, 1)).toMatchObject({ kind: 'refused', reason: 'tokens' });
    const { refusal } = await peek(limits);
    expect(refusal?.reason).toBe('tokens');
    expect(refusal?.retryAfterMs).toBeLessThanOrEqual(3_600_000);
  });

  redisTest('counts requests whose bodies are being read as running', async ({ redisUrl, keyPrefix }) => {
    const { peek, acquire } = await setUp({ redisUrl, keyPrefix });
    const limits = { concurrency: 3 };
    await acquire('one', limits);
    expect((await peek(limits, 1)).refusal).toBeUndefined();
    expect((await peek(limits, 2)).refusal).toMatchObject({ reason: 'concurrency' });
  });
});
