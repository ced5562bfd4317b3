import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { failureKinds, type UpstreamFailure } from '@sluice/protocol';
import type { ProviderToken, TokenResult } from '@sluice/providers';
import { connect, createKeys, type RedisConnection, untilReady } from '@sluice/redis';
import { redisTest, until, verifies } from '@sluice/testkit';
import { createTokenVault, type TokenCredential, type TokenVault, type VaultTimes } from '@sluice/access-tokens';
import { afterEach, describe, expect } from 'vitest';

const connections: RedisConnection[] = [];
afterEach(() => {
  for (const connection of connections.splice(0)) connection.disconnect();
});

const ref = { upstreamId: 'u', credentialId: 'a' };
const source = { renewBeforeMs: 60_000, unknownLifeMs: 3_600_000 };
const hourMs = 3_600_000;
const storeHash = createHash('sha1')
  .update(readFileSync(new URL('../lua/store-1.lua', import.meta.url)))
  .digest('hex');
const secret = 'canary-of-the-operator';

/** A fake provider that issues `value-1`, `value-2` … and counts. */
function createProvider(lifeMs = hourMs) {
  const seen: (ProviderToken | undefined)[] = [];
  const gate = { held: undefined as Promise<unknown> | undefined, failure: undefined as UpstreamFailure | undefined };
  const provider = {
    seen,
    gate,
    renewalOnFailure: undefined as string | undefined,
    credential: {
      ...ref,
      source,
      async obtain(before, nowMs): Promise<TokenResult> {
        seen.push(before);
        const number = seen.length;
        await gate.held;
        if (gate.failure !== undefined)
          return { kind: 'failed', failure: gate.failure, renewal: provider.renewalOnFailure };
        const token = { value: `value-${number}`, expiresAtMs: nowMs + lifeMs, renewal: `renewal-${number}` };
        return { kind: 'token', token };
      },
    } satisfies TokenCredential as TokenCredential,
  };
  return provider;
}

interface Scene {
  readonly vault: TokenVault;
  readonly connection: RedisConnection;
  readonly failures: UpstreamFailure[];
}

async function openVault(
  redisUrl: string,
  keyPrefix: string,
  over: { readonly secret?: string; readonly times?: Partial<VaultTimes> } = {},
): Promise<Scene> {
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
  const failures: UpstreamFailure[] = [];
  const vault = createTokenVault({
    connection,
    keys: createKeys(keyPrefix),
    secret,
    onRenewed: () => undefined,
    onFailed: (_token, failure) => failures.push(failure),
    onError(error) {
      throw error;
    },
    now: () => performance.now(),
    ...over,
  });
  return { vault, connection, failures };
}

const keyOf = (keyPrefix: string): string => createKeys(keyPrefix).token('u', 'a');

/** Lets this time pass: Redis's clock is the token's only clock. */
async function advance({ connection }: Scene, keyPrefix: string, ms: number): Promise<void> {
  for (const field of ['renew_at', 'expires_at', 'held_until', 'failed_until']) {
    const at = await connection.hget(keyOf(keyPrefix), field);
    if (at !== null && at !== '0') await connection.hset(keyOf(keyPrefix), field, Number(at) - ms);
  }
}

describe('access tokens', () => {
  redisTest('are obtained once, and stored in Redis encrypted and with a TTL', async ({ redisUrl, keyPrefix }) => {
    const scene = await openVault(redisUrl, keyPrefix);
    const provider = createProvider();
    expect(await scene.vault.get(provider.credential)).toMatchObject({ value: 'value-1', origin: 'obtained' });
    expect(await scene.vault.get(provider.credential)).toMatchObject({ value: 'value-1', origin: 'stored' });
    expect(provider.seen).toEqual([undefined]);
    const held = JSON.stringify(await scene.connection.hgetall(keyOf(keyPrefix)));
    expect(held).not.toMatch(/value-1|renewal-1/);
    expect(await scene.connection.pttl(keyOf(keyPrefix))).toBeGreaterThan(hourMs);
  });

  redisTest('that expired are renewed by one of eight workers, for all', async ({ redisUrl, keyPrefix }) => {
    const scenes = await Promise.all(Array.from({ length: 8 }, () => openVault(redisUrl, keyPrefix)));
    const provider = createProvider();
    const [first] = scenes;
    if (first === undefined) throw new Error('no vault was opened');
    await first.vault.get(provider.credential);
    await advance(first, keyPrefix, 2 * hourMs);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    provider.gate.held = promise;
    const asked = scenes.flatMap(({ vault }) => [vault.get(provider.credential), vault.get(provider.credential)]);
    await until(() => provider.seen.length === 2, { what: 'a renewal' });
    resolve(undefined);
    const answers = await Promise.all(asked);
    expect(new Set(answers.map((answer) => answer.kind === 'token' && answer.value))).toEqual(new Set(['value-2']));
    expect(provider.seen).toMatchObject([undefined, { value: 'value-1', renewal: 'renewal-1' }]);
    expect(answers.filter((answer) => answer.kind === 'token' && answer.origin === 'awaited')).toHaveLength(14);
  });

  redisTest('that are due are renewed while attempts still use them', async ({ redisUrl, keyPrefix }) => {
    const scene = await openVault(redisUrl, keyPrefix);
    const provider = createProvider();
    await scene.vault.get(provider.credential);
    await advance(scene, keyPrefix, hourMs - 30_000);
    expect(await scene.vault.get(provider.credential)).toMatchObject({ value: 'value-1' });
    await scene.vault.close();
    expect(await scene.vault.get(provider.credential)).toMatchObject({ value: 'value-2', origin: 'stored' });
  });

  redisTest(
    'that were refused are replaced, but only if they are the current ones',
    verifies('000-34', '000-35'),
    async ({ redisUrl, keyPrefix }) => {
      const scene = await openVault(redisUrl, keyPrefix);
      const provider = createProvider();
      const first = await scene.vault.get(provider.credential);
      if (first.kind !== 'token') throw new Error('no token');
      await scene.vault.refuse(ref, first.version);
      expect(await scene.vault.get(provider.credential)).toMatchObject({ value: 'value-2' });
      // A late refusal from another attempt that had used the first token.
      await scene.vault.refuse(ref, first.version);
      expect(await scene.vault.get(provider.credential)).toMatchObject({ value: 'value-2', origin: 'stored' });
      expect(provider.seen).toHaveLength(2);
    },
  );

  redisTest('that were refused are not returned to later queries', async ({ redisUrl, keyPrefix }) => {
    const { vault } = await openVault(redisUrl, keyPrefix);
    const { credential } = createProvider();
    const first = await vault.get(credential);
    if (first.kind !== 'token') throw new Error('no token');
    // This query starts before the refusal is known, and ends after it.
    const early = vault.get(credential);
    const after = vault.refuse(ref, first.version).then(() => vault.get(credential));
    expect(await early).toMatchObject({ value: 'value-1' });
    expect(await after).toMatchObject({ value: 'value-2' });
  });

  redisTest('are renewed by another worker when a renewer dies', async ({ redisUrl, keyPrefix }) => {
    const [dying, living] = await Promise.all([
      openVault(redisUrl, keyPrefix),
      openVault(redisUrl, keyPrefix, { times: { poll: 5 } }),
    ]);
    const provider = createProvider();
    provider.gate.held = new Promise(() => undefined);
    void dying.vault.get(provider.credential);
    await until(() => provider.seen.length === 1, { what: 'a renewal' });
    provider.gate.held = undefined;
    const waiting = living.vault.get(provider.credential);
    await advance(living, keyPrefix, 20_000);
    expect(await waiting).toMatchObject({ value: 'value-2', origin: 'obtained' });
  });

  redisTest('of a late renewer do not replace those of its successor', async ({ redisUrl, keyPrefix }) => {
    const [slow, quick] = await Promise.all([openVault(redisUrl, keyPrefix), openVault(redisUrl, keyPrefix)]);
    const provider = createProvider();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    provider.gate.held = promise;
    const late = slow.vault.get(provider.credential);
    await until(() => provider.seen.length === 1, { what: 'a renewal' });
    provider.gate.held = undefined;
    await advance(quick, keyPrefix, 20_000);
    expect(await quick.vault.get(provider.credential)).toMatchObject({ value: 'value-2' });
    resolve(undefined);
    expect(await late).toMatchObject({ value: 'value-2' });
  });

  redisTest('that Redis lost during their renewal are stored nevertheless', async ({ redisUrl, keyPrefix }) => {
    const scene = await openVault(redisUrl, keyPrefix);
    const provider = createProvider();
    const first = await scene.vault.get(provider.credential);
    if (first.kind !== 'token') throw new Error('no token');
    await scene.vault.refuse(ref, first.version);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    provider.gate.held = promise;
    const renewed = scene.vault.get(provider.credential);
    await until(() => provider.seen.length === 2, { what: 'a renewal' });
    await scene.connection.del(keyOf(keyPrefix));
    resolve(undefined);
    expect(await renewed).toMatchObject({ value: 'value-2' });
    expect(await scene.vault.get(provider.credential)).toMatchObject({ value: 'value-2', origin: 'stored' });
    expect(provider.seen).toHaveLength(2);
  });

  redisTest('are stored after a slow restart of Redis', async ({ redisUrl, keyPrefix }) => {
    const { vault, connection } = await openVault(redisUrl, keyPrefix, { times: { storeRetry: 1 } });
    type Send = (command: { readonly args: readonly unknown[] }, ...where: unknown[]) => Promise<unknown>;
    const send = Reflect.get(connection, 'sendCommand') as Send;
    let left = 50;
    const sendOrFail: Send = (command, ...where) =>
      command.args[0] === storeHash && left-- > 0
        ? Promise.reject(new Error('connect ECONNREFUSED'))
        : send.call(connection, command, ...where);
    Reflect.set(connection, 'sendCommand', sendOrFail);
    expect(await vault.get(createProvider().credential)).toMatchObject({ value: 'value-1' });
    expect(left).toBe(-1);
  });

  redisTest('are awaited on close, even without a waiting attempt', async ({ redisUrl, keyPrefix }) => {
    const { vault } = await openVault(redisUrl, keyPrefix);
    const provider = createProvider();
    const first = await vault.get(provider.credential);
    if (first.kind !== 'token') throw new Error('no token');
    await vault.refuse(ref, first.version);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    provider.gate.held = promise;
    let isRenewed = false;
    void vault.get(provider.credential).then(() => (isRenewed = true));
    await until(() => provider.seen.length === 2, { what: 'a renewal' });
    // A refusal from another attempt that had used the first token and requests no new one.
    await vault.refuse(ref, first.version);
    const closed = vault.close().then(() => isRenewed);
    resolve(undefined);
    expect(await closed).toBe(true);
  });

  redisTest('are awaited for a limited time', async ({ redisUrl, keyPrefix }) => {
    const scene = await openVault(redisUrl, keyPrefix);
    const impatient = await openVault(redisUrl, keyPrefix, { times: { wait: 30, poll: 5 } });
    const provider = createProvider();
    provider.gate.held = new Promise(() => undefined);
    void scene.vault.get(provider.credential);
    await until(() => provider.seen.length === 1, { what: 'a renewal' });
    expect(await impatient.vault.get(provider.credential)).toMatchObject({
      kind: 'failed',
      failure: { kind: 'timeout' },
    });
  });
});

describe('a renewal that fails', () => {
  redisTest('fails for all workers, and is not retried at once', async ({ redisUrl, keyPrefix }) => {
    const [one, other] = await Promise.all([openVault(redisUrl, keyPrefix), openVault(redisUrl, keyPrefix)]);
    const provider = createProvider();
    provider.gate.failure = { kind: 'authentication', message: 'Log in again.' };
    const failure = { kind: 'failed', failure: provider.gate.failure };
    expect(await one.vault.get(provider.credential)).toEqual(failure);
    expect(await other.vault.get(provider.credential)).toEqual(failure);
    expect(provider.seen).toHaveLength(1);
    expect(one.failures).toHaveLength(1);
    provider.gate.failure = undefined;
    await advance(other, keyPrefix, 60_000);
    expect(await other.vault.get(provider.credential)).toMatchObject({ value: 'value-2' });
  });

  redisTest('has the same failure kind for every worker', async ({ redisUrl, keyPrefix }) => {
    const [one, other] = await Promise.all([openVault(redisUrl, keyPrefix), openVault(redisUrl, keyPrefix)]);
    for (const [at, kind] of failureKinds.entries()) {
      const provider = createProvider();
      const credential = { ...provider.credential, credentialId: `c${at}` };
      provider.gate.failure = { kind, message: 'No.' };
      const failure = { kind: 'failed', failure: provider.gate.failure };
      expect(await one.vault.get(credential)).toEqual(failure);
      expect(await other.vault.get(credential)).toEqual(failure);
      expect(provider.seen).toHaveLength(1);
    }
  });

  redisTest('caused by a firewall is retried as late as one caused by a login', async ({ redisUrl, keyPrefix }) => {
    const scene = await openVault(redisUrl, keyPrefix);
    const provider = createProvider();
    provider.gate.failure = { kind: 'unexpected', message: 'The firewall blocks this gateway.' };
    await scene.vault.get(provider.credential);
    await advance(scene, keyPrefix, 30_000);
    expect(await scene.vault.get(provider.credential)).toMatchObject({ kind: 'failed' });
    expect(provider.seen).toHaveLength(1);
  });

  redisTest('leaves a valid token in use', async ({ redisUrl, keyPrefix }) => {
    const scene = await openVault(redisUrl, keyPrefix);
    const provider = createProvider();
    await scene.vault.get(provider.credential);
    await advance(scene, keyPrefix, hourMs - 30_000);
    provider.gate.failure = { kind: 'server', message: 'Busy.' };
    await scene.vault.get(provider.credential);
    await scene.vault.close();
    expect(await scene.vault.get(provider.credential)).toMatchObject({ value: 'value-1' });
    expect(provider.seen).toHaveLength(2);
  });

  redisTest('keeps the new renewal even if Redis has lost the token', async ({ redisUrl, keyPrefix }) => {
    const scene = await openVault(redisUrl, keyPrefix);
    const provider = createProvider();
    const first = await scene.vault.get(provider.credential);
    if (first.kind !== 'token') throw new Error('no token');
    await scene.vault.refuse(ref, first.version);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    provider.gate.held = promise;
    provider.gate.failure = { kind: 'server', message: 'Busy.' };
    provider.renewalOnFailure = 'second';
    const failed = scene.vault.get(provider.credential);
    await until(() => provider.seen.length === 2, { what: 'a renewal' });
    await scene.connection.del(keyOf(keyPrefix));
    resolve(undefined);
    await failed;
    provider.gate.failure = undefined;
    await advance(scene, keyPrefix, 60_000);
    expect(await scene.vault.get(provider.credential)).toMatchObject({ value: 'value-3' });
    expect(provider.seen.at(-1)).toMatchObject({ renewal: 'second' });
  });

  redisTest('is reported to all workers with its kind and message', async ({ redisUrl, keyPrefix }) => {
    const [one, other] = await Promise.all([openVault(redisUrl, keyPrefix), openVault(redisUrl, keyPrefix)]);
    const provider = createProvider();
    provider.gate.failure = { kind: 'unexpected', message: 'The captcha of the page is wanted.' };
    const failure = { kind: 'failed', failure: provider.gate.failure };
    expect(await one.vault.get(provider.credential)).toEqual(failure);
    expect(await other.vault.get(provider.credential)).toEqual(failure);
  });

  redisTest('keeps the new renewal for the next attempt', async ({ redisUrl, keyPrefix }) => {
    const scene = await openVault(redisUrl, keyPrefix);
    const provider = createProvider();
    const brought = { value: '', expiresAtMs: 0, renewal: 'brought' };
    const credential = { ...provider.credential, readBrought: () => Promise.resolve(brought) };
    provider.gate.failure = { kind: 'server', message: 'Busy.' };
    provider.renewalOnFailure = 'second';
    await scene.vault.get(credential);
    provider.gate.failure = undefined;
    await advance(scene, keyPrefix, 60_000);
    expect(await scene.vault.get(credential)).toMatchObject({ value: 'value-2' });
    expect(provider.seen.map((token) => token?.renewal)).toEqual(['brought', 'second']);
  });
});

describe('a login provided by a person', () => {
  const brought = (value: string): ProviderToken => ({ value, expiresAtMs: Date.now() + hourMs, renewal: value });

  redisTest('is used unchanged while it is fresh', async ({ redisUrl, keyPrefix }) => {
    const scene = await openVault(redisUrl, keyPrefix);
    const provider = createProvider();
    const credential = { ...provider.credential, readBrought: () => Promise.resolve(brought('login-1')) };
    expect(await scene.vault.get(credential)).toMatchObject({ value: 'login-1', origin: 'stored' });
    expect(provider.seen).toEqual([]);
  });

  redisTest('is used while it is valid, even if it is due and cannot be renewed', async ({ redisUrl, keyPrefix }) => {
    const scene = await openVault(redisUrl, keyPrefix);
    const provider = createProvider();
    provider.gate.failure = { kind: 'server', message: 'Busy.' };
    provider.renewalOnFailure = 'second';
    const due = { ...brought('login-1'), expiresAtMs: Date.now() + 30_000 };
    const credential = { ...provider.credential, readBrought: () => Promise.resolve(due) };
    expect(await scene.vault.get(credential)).toMatchObject({ value: 'login-1', origin: 'stored' });
    expect(scene.failures).toHaveLength(1);
    provider.gate.failure = undefined;
    await advance(scene, keyPrefix, 20_000);
    await scene.vault.get(credential);
    await scene.vault.close();
    expect(await scene.vault.get(credential)).toMatchObject({ value: 'value-2' });
    expect(provider.seen.map((token) => token?.renewal)).toEqual(['login-1', 'second']);
  });

  redisTest('replaces a chain that has ended', async ({ redisUrl, keyPrefix }) => {
    const scene = await openVault(redisUrl, keyPrefix);
    const provider = createProvider();
    let login = brought('login-1');
    const credential = { ...provider.credential, readBrought: () => Promise.resolve(login) };
    const first = await scene.vault.get(credential);
    if (first.kind !== 'token') throw new Error('no token');
    await scene.vault.refuse(ref, first.version);
    provider.gate.failure = { kind: 'authentication', message: 'Log in again.' };
    expect(await scene.vault.get(credential)).toMatchObject({ kind: 'failed' });
    login = brought('login-2');
    await advance(scene, keyPrefix, 60_000);
    expect(await scene.vault.get(credential)).toMatchObject({ value: 'login-2' });
  });
});

redisTest('an access token stored with another secret is replaced', async ({ redisUrl, keyPrefix }) => {
  const before = await openVault(redisUrl, keyPrefix, { secret: 'the secret of last year' });
  const after = await openVault(redisUrl, keyPrefix);
  const provider = createProvider();
  await before.vault.get(provider.credential);
  expect(await after.vault.get(provider.credential)).toMatchObject({ value: 'value-2' });
  expect(provider.seen).toEqual([undefined, undefined]);
});
