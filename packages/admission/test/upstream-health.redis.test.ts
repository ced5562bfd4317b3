import { type BreakerSettings, createUpstreamHealth, type UpstreamHealth } from '@sluice/admission';
import { connect, createKeys, type RedisConnection, untilReady } from '@sluice/redis';
import { redisTest } from '@sluice/testkit';
import { afterEach, describe, expect } from 'vitest';

const connections: RedisConnection[] = [];
afterEach(() => {
  for (const connection of connections.splice(0)) connection.disconnect();
});

const breaker: BreakerSettings = { failures: 3, windowMs: 30_000, openMs: 5000 };
const target = { upstreamId: 'u', model: 'm' };
const ids = ['a', 'b'];

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
  const create = (): UpstreamHealth => createUpstreamHealth({ connection, keys, breaker, probeMs: 60_000 });
  /** Lets the rests and the open time of the circuit pass: they have no clock but Redis's own. */
  async function advance(ms: number): Promise<void> {
    for (const key of [keys.rests('u'), keys.breaker('u', 'm')]) {
      for (const [field, value] of Object.entries(await connection.hgetall(key))) {
        if (field === 'failures') continue;
        const at = Number.parseInt(value, 10);
        await connection.hset(key, field, value.replace(String(at), String(at - ms)));
      }
    }
  }
  return { connection, keys, create, advance, health: create() };
}

describe('credentials', () => {
  redisTest('rest for every worker at once, for exactly as long as told', async ({ redisUrl, keyPrefix }) => {
    const { health, create, advance } = await setUp(redisUrl, keyPrefix);
    const other = create();
    await health.rest({ upstreamId: 'u', credentialId: 'a' }, { restMs: 2000, isRefused: false });
    expect(await other.choose(target, ids)).toMatchObject({ kind: 'go', credentialId: 'b' });
    await advance(1900);
    expect(await other.choose(target, ids)).toMatchObject({ credentialId: 'b' });
    await advance(101);
    expect(await other.choose(target, ids)).toMatchObject({ credentialId: 'a' });
  });

  redisTest('are taken in the order in which they are offered', async ({ redisUrl, keyPrefix }) => {
    const { health } = await setUp(redisUrl, keyPrefix);
    expect(await health.choose(target, ['b', 'a'])).toEqual({
      kind: 'go',
      credentialId: 'b',
      isProbe: false,
      hasFailures: false,
    });
  });

  redisTest('that all rest tell when the first is back', async ({ redisUrl, keyPrefix }) => {
    const { health } = await setUp(redisUrl, keyPrefix);
    await health.rest({ upstreamId: 'u', credentialId: 'a' }, { restMs: 9000, isRefused: false });
    await health.rest({ upstreamId: 'u', credentialId: 'b' }, { restMs: 3000, isRefused: false });
    const choice = await health.choose(target, ids);
    expect(choice.kind).toBe('cooling');
    if (choice.kind !== 'cooling') return;
    expect(choice.waitMs).toBeGreaterThan(2900);
    expect(choice.waitMs).toBeLessThanOrEqual(3000);
    expect(await health.restingCredentials('u')).toEqual(expect.arrayContaining(['a', 'b']));
  });

  redisTest('that are refused are not waited for', async ({ redisUrl, keyPrefix }) => {
    const { health } = await setUp(redisUrl, keyPrefix);
    await health.rest({ upstreamId: 'u', credentialId: 'a' }, { restMs: 1000, isRefused: true });
    await health.rest({ upstreamId: 'u', credentialId: 'b' }, { restMs: 9000, isRefused: false });
    expect(await health.choose(target, ids)).toMatchObject({ kind: 'cooling' });
    expect(await health.choose(target, ['a'])).toEqual({ kind: 'refused' });
  });

  redisTest('keep the longer of two rests', async ({ redisUrl, keyPrefix }) => {
    const { health } = await setUp(redisUrl, keyPrefix);
    await health.rest({ upstreamId: 'u', credentialId: 'a' }, { restMs: 9000, isRefused: false });
    await health.rest({ upstreamId: 'u', credentialId: 'a' }, { restMs: 10, isRefused: false });
    const choice = await health.choose(target, ['a']);
    expect(choice.kind === 'cooling' && choice.waitMs).toBeGreaterThan(8000);
  });
});

describe('the circuit of a target', () => {
  redisTest('opens after failures in a row, for every worker', async ({ redisUrl, keyPrefix }) => {
    const { health, create } = await setUp(redisUrl, keyPrefix);
    expect([await health.failed(target, false), await health.failed(target, false)]).toEqual([false, false]);
    expect(await health.choose(target, ids)).toMatchObject({ kind: 'go', hasFailures: true });
    expect(await health.failed(target, false)).toBe(true);
    const choice = await create().choose(target, ids);
    expect(choice).toMatchObject({ kind: 'open' });
    expect(await create().choose({ upstreamId: 'u', model: 'other' }, ids)).toMatchObject({ kind: 'go' });
  });

  redisTest('stays closed when a success comes between', async ({ redisUrl, keyPrefix }) => {
    const { health } = await setUp(redisUrl, keyPrefix);
    for (let at = 0; at < 6; at++) {
      await health.failed(target, false);
      if (at % 2 === 1) await health.recovered(target);
    }
    expect((await health.choose(target, ids)).kind).toBe('go');
  });

  redisTest('forgets failures that are older than the window', async ({ redisUrl, keyPrefix }) => {
    const { health, advance } = await setUp(redisUrl, keyPrefix);
    await health.failed(target, false);
    await health.failed(target, false);
    await advance(30_001);
    expect(await health.failed(target, false)).toBe(false);
  });

  redisTest('lets exactly one of many through when its time is over', async ({ redisUrl, keyPrefix }) => {
    const { health, advance } = await setUp(redisUrl, keyPrefix);
    for (let at = 0; at < 3; at++) await health.failed(target, false);
    await advance(5001);
    const choices = await Promise.all(Array.from({ length: 20 }, () => health.choose(target, ids)));
    expect(choices.filter(({ kind }) => kind === 'go')).toEqual([
      { kind: 'go', credentialId: 'a', isProbe: true, hasFailures: true },
    ]);
    expect(choices.filter(({ kind }) => kind === 'open')).toHaveLength(19);
  });

  redisTest('closes when the probe succeeds and opens again when it fails', async ({ redisUrl, keyPrefix }) => {
    const { health, advance } = await setUp(redisUrl, keyPrefix);
    for (let at = 0; at < 3; at++) await health.failed(target, false);
    await advance(5001);
    await health.choose(target, ids);
    expect(await health.failed(target, true)).toBe(true);
    expect((await health.choose(target, ids)).kind).toBe('open');
    await advance(5001);
    expect(await health.choose(target, ids)).toMatchObject({ isProbe: true });
    await health.recovered(target);
    expect(await health.choose(target, ids)).toEqual({
      kind: 'go',
      credentialId: 'a',
      isProbe: false,
      hasFailures: false,
    });
  });

  redisTest('is probed by the next when a probe is abandoned', async ({ redisUrl, keyPrefix }) => {
    const { health, advance } = await setUp(redisUrl, keyPrefix);
    for (let at = 0; at < 3; at++) await health.failed(target, false);
    await advance(5001);
    await health.choose(target, ids);
    expect((await health.choose(target, ids)).kind).toBe('open');
    await health.abandoned(target);
    expect(await health.choose(target, ids)).toMatchObject({ isProbe: true });
  });

  redisTest('is not kept open by late failures of calls made before it opened', async ({ redisUrl, keyPrefix }) => {
    const { health, advance } = await setUp(redisUrl, keyPrefix);
    for (let at = 0; at < 3; at++) await health.failed(target, false);
    await advance(4000);
    await health.failed(target, false);
    await advance(1001);
    expect(await health.choose(target, ids)).toMatchObject({ isProbe: true });
  });
});
