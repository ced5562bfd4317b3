import { createSecret } from '@sluice/config';
import { connect, type ConnectionRole, createKeys, untilReady } from '@sluice/redis';
import { migrateStore } from '@sluice/store';
import { createTestDatabase, redisTest, until } from '@sluice/testkit';
import { expect, onTestFinished } from 'vitest';
import { createKeyService, type KeyService } from '../../src/keys/key-service.ts';
import type { ShowAdminKey } from '../../src/keys/show-admin-key.ts';
import { noProxies } from '../middleware/serving.ts';
import { createRecordsStore } from '../../src/records/records-store.ts';

interface Start {
  readonly redisUrl: string;
  readonly keyPrefix: string;
  readonly url: string;
  readonly showAdminKey: ShowAdminKey;
}

async function open({ redisUrl, keyPrefix, url, showAdminKey }: Start): Promise<KeyService> {
  const database = {
    url: createSecret(url),
    poolSize: 2,
    statementTimeoutMs: 2000,
    connectTimeoutMs: 1000,
    tls: undefined,
  };
  const records = createRecordsStore({ config: { database }, onError: () => undefined });
  const openConnection = (role: ConnectionRole) =>
    connect({
      settings: { kind: 'single', url: redisUrl, username: undefined, password: undefined, tls: undefined },
      role,
      name: 'test',
      onError: () => undefined,
    });
  const connection = openConnection('command');
  await untilReady(connection);
  const service = createKeyService({
    config: { keys: [], teams: [], auth: { oidc: [] }, database, proxies: noProxies },
    connection,
    connectBlocking: () => openConnection('blocking'),
    names: createKeys(keyPrefix),
    records,
    onStreamsEnd: () => undefined,
    logger: { info: () => undefined, warn: () => undefined },
    onError: () => undefined,
    onIssuerTrouble: () => undefined,
    showAdminKey,
  });
  onTestFinished(async () => {
    service.close();
    connection.disconnect();
    await records.close();
  });
  return service;
}

redisTest(
  'a client that uses the first admin key as soon as it is shown finds it valid',
  async ({ redisUrl, keyPrefix }) => {
    const redis = { redisUrl, keyPrefix };
    const url = await createTestDatabase();
    const shown = Promise.withResolvers<string>();
    const mayContinue = Promise.withResolvers<void>();
    const showAdminKey: ShowAdminKey = (secret) => {
      shown.resolve(secret);
      return mayContinue.promise;
    };
    const service = await open({ ...redis, url, showAdminKey });
    // The database is not migrated before the service asks for its keys.
    const started = service.start();
    await migrateStore({ url, connectTimeoutMs: 2000 });
    const secret = await shown.promise;
    expect(service.known.find(secret)).toBeUndefined();
    const compared = service.untilCompared();
    expect(compared).toBeDefined();
    mayContinue.resolve();
    await compared;
    expect(service.known.find(secret)?.isAdmin).toBe(true);
    expect(service.untilCompared()).toBeUndefined();
    await started;
  },
);

redisTest(
  'an admin key that may not have been shown is not made; the next start makes another',
  async ({ redisUrl, keyPrefix }) => {
    const redis = { redisUrl, keyPrefix };
    const url = await createTestDatabase();
    await migrateStore({ url, connectTimeoutMs: 2000 });
    const secrets: string[] = [];
    const first = await open({
      ...redis,
      url,
      async showAdminKey(secret) {
        secrets.push(secret);
        throw new Error('the process dies');
      },
    });
    await first.start();
    // The other keys are published nevertheless.
    expect(first.known.isComplete()).toBe(true);
    first.close();
    const next = await open({ ...redis, url, showAdminKey: async (secret) => void secrets.push(secret) });
    await next.start();
    await until(() => secrets.length === 2, { what: 'another admin key' });
    expect(secrets.map((secret) => next.known.find(secret)?.isAdmin)).toEqual([undefined, true]);
  },
);
