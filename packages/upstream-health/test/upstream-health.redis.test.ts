import {
  type CircuitSettings,
  createUpstreamHealth,
  type RequestRef,
  type UpstreamHealth,
} from '@sluice/upstream-health';
import { connect, createKeys, type RedisConnection, untilReady } from '@sluice/redis';
import { redisTest } from '@sluice/testkit';
import { afterEach, describe, expect } from 'vitest';

const connections: RedisConnection[] = [];
afterEach(() => {
  for (const connection of connections.splice(0)) connection.disconnect();
});

const circuit: CircuitSettings = { failures: 3, windowMs: 30_000, openMs: 5000 };
const target = { upstreamId: 'u', model: 'm' };
const ids = ['a', 'b'];
const maxCooldownMs = 60_000;
const anyRequest = { requestId: 'r-any', tenant: 'bystander' };
const served = { tenant: 't', credentialId: 'a' };
const rateLimit = { isRefused: false, reason: 'rate_limit' };

let requests = 0;
/** A failure of a new request. */
const failure = (more: Partial<RequestRef & { isProbe: boolean; cause: string }> = {}) => ({
  isProbe: false,
  requestId: `r-${++requests}`,
  tenant: 't',
  cause: 'server: out of order',
  ...more,
});

async function setUp(redisUrl: string, keyPrefix: string) {
  const connection = connect({
    settings: { kind: 'single', url: redisUrl },
    role: 'command',
    name: 'test',
    onError(error) {
      throw error;
    },
  });
  connections.push(connection);
  await untilReady(connection, 5000);
  const keys = createKeys(keyPrefix);
  const create = (): UpstreamHealth =>
    createUpstreamHealth({ connection, keys, circuit, maxCooldownMs, probeMs: 60_000 });
  /** Lets the cooldowns and the open time of the circuit pass: Redis's clock is their only clock. */
  async function advance(ms: number): Promise<void> {
    for (const key of [keys.cooldowns('u'), keys.circuit('u', 'm')]) {
      for (const [field, value] of Object.entries(await connection.hgetall(key))) {
        const at = Number.parseInt(value, 10);
        // Only points in time are this large.
        if (!(at > 1e12)) continue;
        await connection.hset(key, field, value.replace(String(at), String(at - ms)));
      }
    }
  }
  return { connection, keys, create, advance, health: create() };
}

describe('credentials', () => {
  redisTest('are in cooldown for every worker at once, for exactly the given time', async ({ redisUrl, keyPrefix }) => {
    const { health, create, advance } = await setUp(redisUrl, keyPrefix);
    const other = create();
    await health.coolDown({ upstreamId: 'u', credentialId: 'a' }, { cooldownMs: 2000, ...rateLimit });
    expect(await other.choose(target, ids, anyRequest)).toMatchObject({ kind: 'go', credentialId: 'b' });
    await advance(1900);
    expect(await other.choose(target, ids, anyRequest)).toMatchObject({ credentialId: 'b' });
    await advance(101);
    expect(await other.choose(target, ids, anyRequest)).toMatchObject({ credentialId: 'a' });
  });

  redisTest('are taken in the given order', async ({ redisUrl, keyPrefix }) => {
    const { health } = await setUp(redisUrl, keyPrefix);
    expect(await health.choose(target, ['b', 'a'], anyRequest)).toEqual({
      kind: 'go',
      credentialId: 'b',
      isProbe: false,
      hasFailures: false,
    });
  });

  redisTest('are chosen for each request of a turn by its own order and target', async ({ redisUrl, keyPrefix }) => {
    const { health } = await setUp(redisUrl, keyPrefix);
    await health.coolDown({ upstreamId: 'u', credentialId: 'a', model: 'm' }, { cooldownMs: 9000, ...rateLimit });
    const other = { upstreamId: 'u', model: 'other' };
    const choices = await Promise.all([
      health.choose(target, ['a', 'b'], anyRequest),
      health.choose(other, ['a', 'b'], anyRequest),
      health.choose(target, ['a'], anyRequest),
      health.choose(target, ['c', 'b'], anyRequest),
      health.choose(target, [], anyRequest),
    ]);
    expect(choices.map((choice) => (choice.kind === 'go' ? choice.credentialId : choice.kind))).toEqual([
      'b',
      'a',
      'cooling',
      'c',
      'refused',
    ]);
  });

  redisTest('that are all in cooldown report when the first cooldown ends', async ({ redisUrl, keyPrefix }) => {
    const { health } = await setUp(redisUrl, keyPrefix);
    await health.coolDown({ upstreamId: 'u', credentialId: 'a' }, { cooldownMs: 9000, ...rateLimit });
    await health.coolDown({ upstreamId: 'u', credentialId: 'b' }, { cooldownMs: 3000, ...rateLimit });
    const choice = await health.choose(target, ids, anyRequest);
    expect(choice.kind).toBe('cooling');
    if (choice.kind !== 'cooling') return;
    expect(choice.waitMs).toBeGreaterThan(2900);
    expect(choice.waitMs).toBeLessThanOrEqual(3000);
    const cooling = (await health.cooldowns('u')).map(({ credentialId, reason }) => `${credentialId} ${reason}`);
    expect(cooling.toSorted()).toEqual(['a rate_limit', 'b rate_limit']);
  });

  redisTest('that are refused make no request wait', async ({ redisUrl, keyPrefix }) => {
    const { health } = await setUp(redisUrl, keyPrefix);
    await health.coolDown(
      { upstreamId: 'u', credentialId: 'a' },
      { cooldownMs: 1000, ...rateLimit, isRefused: true, reason: 'authentication' },
    );
    await health.coolDown({ upstreamId: 'u', credentialId: 'b' }, { cooldownMs: 9000, ...rateLimit });
    expect(await health.choose(target, ids, anyRequest)).toMatchObject({ kind: 'cooling' });
    expect(await health.choose(target, ['a'], anyRequest)).toEqual({ kind: 'refused' });
  });

  redisTest('keep the longer of two cooldowns', async ({ redisUrl, keyPrefix }) => {
    const { health } = await setUp(redisUrl, keyPrefix);
    await health.coolDown({ upstreamId: 'u', credentialId: 'a' }, { cooldownMs: 9000, ...rateLimit });
    await health.coolDown({ upstreamId: 'u', credentialId: 'a' }, { cooldownMs: 10, ...rateLimit });
    const choice = await health.choose(target, ['a'], anyRequest);
    expect(choice.kind === 'cooling' && choice.waitMs).toBeGreaterThan(8000);
  });
});

describe('a cooldown', () => {
  redisTest('for one model does not affect other models', async ({ redisUrl, keyPrefix }) => {
    const { health } = await setUp(redisUrl, keyPrefix);
    await health.coolDown({ upstreamId: 'u', credentialId: 'a', model: 'm' }, { cooldownMs: 9000, ...rateLimit });
    expect(await health.choose(target, ['a'], anyRequest)).toMatchObject({ kind: 'cooling' });
    expect(await health.choose({ upstreamId: 'u', model: 'other' }, ['a'], anyRequest)).toMatchObject({ kind: 'go' });
    await health.coolDown({ upstreamId: 'u', credentialId: 'a' }, { cooldownMs: 9000, ...rateLimit });
    expect(await health.choose({ upstreamId: 'u', model: 'other' }, ['a'], anyRequest)).toMatchObject({
      kind: 'cooling',
    });
  });

  for (const cooldownMs of [
    1e30,
    Number.MAX_SAFE_INTEGER,
    Number.POSITIVE_INFINITY,
    Number.NaN,
    57 * 365 * 86_400_000,
  ]) {
    redisTest(
      `is limited by the setting if the provider asks for ${cooldownMs} ms`,
      async ({ redisUrl, keyPrefix }) => {
        const { health, connection, keys } = await setUp(redisUrl, keyPrefix);
        await health.coolDown({ upstreamId: 'u', credentialId: 'a' }, { cooldownMs, ...rateLimit });
        const choice = await health.choose(target, ['a'], anyRequest);
        expect(choice.kind === 'cooling' && choice.waitMs).toBeLessThanOrEqual(maxCooldownMs);
        expect(choice.kind === 'cooling' && choice.waitMs).toBeGreaterThan(maxCooldownMs - 5000);
        const ttlMs = await connection.pttl(keys.cooldowns('u'));
        expect(ttlMs).toBeGreaterThan(maxCooldownMs - 5000);
        expect(ttlMs).toBeLessThan(maxCooldownMs + 700_000);
      },
    );
  }

  for (const cooldownMs of [0, -5, -1e30]) {
    redisTest(`of ${cooldownMs} ms is ignored`, async ({ redisUrl, keyPrefix }) => {
      const { health } = await setUp(redisUrl, keyPrefix);
      await health.coolDown({ upstreamId: 'u', credentialId: 'a' }, { cooldownMs, ...rateLimit });
      expect(await health.choose(target, ['a'], anyRequest)).toMatchObject({ kind: 'go' });
    });
  }

  for (const value of ['inf', 'nan', '', '9'.repeat(40), '100000000001796009361408', '-1', '!']) {
    redisTest(`that an older version left as ${JSON.stringify(value)} is ignored`, async ({ redisUrl, keyPrefix }) => {
      const { health, connection, keys } = await setUp(redisUrl, keyPrefix);
      await connection.hset(keys.cooldowns('u'), 'a', value);
      expect(await health.choose(target, ['a'], anyRequest)).toMatchObject({ kind: 'go', credentialId: 'a' });
      expect(await health.cooldowns('u')).toEqual([]);
    });
  }

  redisTest('that was shortened ends in one probe', async ({ redisUrl, keyPrefix }) => {
    const { health, advance } = await setUp(redisUrl, keyPrefix);
    await health.coolDown({ upstreamId: 'u', credentialId: 'a' }, { cooldownMs: 10 * maxCooldownMs, ...rateLimit });
    await advance(maxCooldownMs + 1);
    expect(await health.choose(target, ['a'], anyRequest)).toMatchObject({ kind: 'go', hasFailures: true });
    expect(await health.choose(target, ['a'], anyRequest)).toMatchObject({ kind: 'cooling' });
    await health.recovered(target, served);
    expect(await health.choose(target, ['a'], anyRequest)).toMatchObject({ kind: 'go', hasFailures: false });
    expect(await health.choose(target, ['a'], anyRequest)).toMatchObject({ kind: 'go' });
  });

  redisTest('gives its probe to one of the requests of a turn', async ({ redisUrl, keyPrefix }) => {
    const { health, advance } = await setUp(redisUrl, keyPrefix);
    await health.coolDown({ upstreamId: 'u', credentialId: 'a' }, { cooldownMs: 10 * maxCooldownMs, ...rateLimit });
    await advance(maxCooldownMs + 1);
    const choices = await Promise.all([1, 2, 3].map(() => health.choose(target, ids, anyRequest)));
    expect(choices).toMatchObject([
      { kind: 'go', credentialId: 'a', hasFailures: true },
      { kind: 'go', credentialId: 'b', hasFailures: false },
      { kind: 'go', credentialId: 'b', hasFailures: false },
    ]);
  });

  redisTest('ends when an operator lifts it, for one credential or for all', async ({ redisUrl, keyPrefix }) => {
    const { health } = await setUp(redisUrl, keyPrefix);
    for (const credential of [{ credentialId: 'a' }, { credentialId: 'a', model: 'm' }, { credentialId: 'b' }]) {
      await health.coolDown({ upstreamId: 'u', ...credential }, { cooldownMs: 9000, ...rateLimit });
    }
    expect(await health.lift('u', 'a')).toBe(2);
    expect(await health.choose(target, ['a'], anyRequest)).toMatchObject({ kind: 'go' });
    expect(await health.choose(target, ['b'], anyRequest)).toMatchObject({ kind: 'cooling' });
    expect(await health.lift('u')).toBe(1);
    expect(await health.lift('u')).toBe(0);
  });
});

describe('the circuit of a target', () => {
  redisTest('counts a request once, even if it fails again', async ({ redisUrl, keyPrefix }) => {
    const { health } = await setUp(redisUrl, keyPrefix);
    for (let attempt = 0; attempt < 5; attempt++) {
      expect(await health.failed(target, failure({ requestId: 'r-one' }))).toBe(false);
    }
    await health.failed(target, failure());
    expect(await health.failed(target, failure({ requestId: 'r-one' }))).toBe(false);
    expect(await health.failed(target, failure())).toBe(true);
  });

  redisTest('stays closed on failures of one key while another key succeeds', async ({ redisUrl, keyPrefix }) => {
    const { health } = await setUp(redisUrl, keyPrefix);
    await health.failed(target, failure({ tenant: 'noisy' }));
    await health.recovered(target, { tenant: 'quiet', credentialId: 'a' });
    for (let at = 0; at < 10; at++) expect(await health.failed(target, failure({ tenant: 'noisy' }))).toBe(false);
    expect(await health.failed(target, failure({ tenant: 'third' }))).toBe(true);
  });

  redisTest('opens on failures of one key when only that key has succeeded', async ({ redisUrl, keyPrefix }) => {
    const { health } = await setUp(redisUrl, keyPrefix);
    await health.failed(target, failure());
    await health.recovered(target, served);
    expect([await health.failed(target, failure()), await health.failed(target, failure())]).toEqual([false, false]);
    expect(await health.failed(target, failure())).toBe(true);
  });

  redisTest('names the failure that opened it', async ({ redisUrl, keyPrefix }) => {
    const { health } = await setUp(redisUrl, keyPrefix);
    for (let at = 0; at < 3; at++) await health.failed(target, failure({ cause: `server: number ${at}` }));
    expect(await health.choose(target, ids, anyRequest)).toMatchObject({ kind: 'open', cause: 'server: number 2' });
    expect(await health.circuit(target)).toEqual({ isOpen: true, failures: 3, cause: 'server: number 2' });
    expect(await health.closeCircuit(target)).toBe(true);
    expect(await health.circuit(target)).toEqual({ isOpen: false, failures: 0, cause: '' });
  });

  redisTest('gives its probe to requests that did not open it', async ({ redisUrl, keyPrefix }) => {
    const { health, advance } = await setUp(redisUrl, keyPrefix);
    for (let at = 0; at < 3; at++) await health.failed(target, failure({ requestId: `f-${at}`, tenant: 'noisy' }));
    await advance(5001);
    expect(await health.choose(target, ids, { requestId: 'f-1', tenant: 'noisy' })).toMatchObject({ kind: 'open' });
    expect(await health.choose(target, ids, { requestId: 'f-9', tenant: 'noisy' })).toMatchObject({ kind: 'open' });
    await advance(600);
    expect(await health.choose(target, ids, { requestId: 'f-1', tenant: 'noisy' })).toMatchObject({ isProbe: true });
    await health.abandoned(target);
    expect(await health.failed(target, failure({ isProbe: true, tenant: 'noisy' }))).toBe(true);
    await advance(5001);
    expect(await health.choose(target, ids, { requestId: 'q', tenant: 'quiet' })).toMatchObject({ isProbe: true });
  });

  redisTest('gives its probe to the first request of a turn that did not open it', async ({ redisUrl, keyPrefix }) => {
    const { health, advance } = await setUp(redisUrl, keyPrefix);
    for (let at = 0; at < 3; at++) await health.failed(target, failure({ requestId: `f-${at}`, tenant: 'noisy' }));
    await advance(5001);
    const askers = [
      { requestId: 'f-1', tenant: 'noisy' },
      { requestId: 'q', tenant: 'quiet' },
      { requestId: 'r', tenant: 'quiet' },
    ];
    const choices = await Promise.all(askers.map((asker) => health.choose(target, ids, asker)));
    expect(choices).toMatchObject([{ kind: 'open' }, { kind: 'go', isProbe: true }, { kind: 'open' }]);
  });

  redisTest('opens after failures in a row, for every worker', async ({ redisUrl, keyPrefix }) => {
    const { health, create } = await setUp(redisUrl, keyPrefix);
    expect([await health.failed(target, failure()), await health.failed(target, failure())]).toEqual([false, false]);
    expect(await health.choose(target, ids, anyRequest)).toMatchObject({ kind: 'go', hasFailures: true });
    expect(await health.failed(target, failure())).toBe(true);
    const choice = await create().choose(target, ids, anyRequest);
    expect(choice).toMatchObject({ kind: 'open' });
    expect(await create().choose({ upstreamId: 'u', model: 'other' }, ids, anyRequest)).toMatchObject({ kind: 'go' });
  });

  redisTest('stays closed after a success between the failures', async ({ redisUrl, keyPrefix }) => {
    const { health } = await setUp(redisUrl, keyPrefix);
    for (let at = 0; at < 6; at++) {
      await health.failed(target, failure());
      if (at % 2 === 1) await health.recovered(target, served);
    }
    expect((await health.choose(target, ids, anyRequest)).kind).toBe('go');
  });

  redisTest('forgets failures that are older than the window', async ({ redisUrl, keyPrefix }) => {
    const { health, advance } = await setUp(redisUrl, keyPrefix);
    await health.failed(target, failure());
    await health.failed(target, failure());
    await advance(30_001);
    expect(await health.failed(target, failure())).toBe(false);
  });

  redisTest('lets exactly one of many through after its open time', async ({ redisUrl, keyPrefix }) => {
    const { health, advance } = await setUp(redisUrl, keyPrefix);
    for (let at = 0; at < 3; at++) await health.failed(target, failure());
    await advance(5001);
    const choices = await Promise.all(Array.from({ length: 20 }, () => health.choose(target, ids, anyRequest)));
    expect(choices.filter(({ kind }) => kind === 'go')).toEqual([
      { kind: 'go', credentialId: 'a', isProbe: true, hasFailures: true },
    ]);
    expect(choices.filter(({ kind }) => kind === 'open')).toHaveLength(19);
  });

  redisTest('closes when the probe succeeds and opens again when it fails', async ({ redisUrl, keyPrefix }) => {
    const { health, advance } = await setUp(redisUrl, keyPrefix);
    for (let at = 0; at < 3; at++) await health.failed(target, failure());
    await advance(5001);
    await health.choose(target, ids, anyRequest);
    expect(await health.failed(target, failure({ isProbe: true }))).toBe(true);
    expect((await health.choose(target, ids, anyRequest)).kind).toBe('open');
    await advance(5001);
    expect(await health.choose(target, ids, anyRequest)).toMatchObject({ isProbe: true });
    await health.recovered(target, served);
    expect(await health.choose(target, ids, anyRequest)).toEqual({
      kind: 'go',
      credentialId: 'a',
      isProbe: false,
      hasFailures: false,
    });
  });

  redisTest('is probed by the next attempt after an abandoned probe', async ({ redisUrl, keyPrefix }) => {
    const { health, advance } = await setUp(redisUrl, keyPrefix);
    for (let at = 0; at < 3; at++) await health.failed(target, failure());
    await advance(5001);
    await health.choose(target, ids, anyRequest);
    expect((await health.choose(target, ids, anyRequest)).kind).toBe('open');
    await health.abandoned(target);
    expect(await health.choose(target, ids, anyRequest)).toMatchObject({ isProbe: true });
  });

  redisTest('is probed on time despite late failures of earlier attempts', async ({ redisUrl, keyPrefix }) => {
    const { health, advance } = await setUp(redisUrl, keyPrefix);
    for (let at = 0; at < 3; at++) await health.failed(target, failure());
    await advance(4000);
    await health.failed(target, failure());
    await advance(1001);
    expect(await health.choose(target, ids, anyRequest)).toMatchObject({ isProbe: true });
  });
});
