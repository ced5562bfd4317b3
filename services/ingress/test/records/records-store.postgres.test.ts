import { createSecret } from '@sluice/config';
import { connectStore, migrateStore } from '@sluice/store';
import { createTestDatabase, freePort } from '@sluice/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { createRecordsStore, type RecordsStore } from '../../src/records/records-store.ts';

function open(url: string): RecordsStore {
  const database = {
    url: createSecret(url),
    poolSize: 2,
    statementTimeoutMs: 2000,
    connectTimeoutMs: 1000,
    tls: undefined,
  };
  const store = createRecordsStore({ config: { database }, onError: () => undefined });
  onTestFinished(() => store.close());
  return store;
}

function readMigrationsOf(url: string): Promise<unknown> {
  const options = { poolSize: 1, statementTimeoutMs: 2000, connectTimeoutMs: 1000, onError: () => undefined };
  const store = connectStore({ ...options, url });
  onTestFinished(() => store.close());
  return store.db.selectFrom('sluice_migrations').select('name').execute();
}

const firstKeys = (store: RecordsStore) => store.use((db, api) => api.listClientKeys(db, { limit: 1 }));

test('the first calls wait for the migrations of a database that answers', async () => {
  const url = await createTestDatabase();
  const store = open(url);
  let isAnswered = false;
  const asked = Promise.all([firstKeys(store), firstKeys(store)]).finally(() => (isAnswered = true));
  await expect(readMigrationsOf(url)).rejects.toMatchObject({ reason: 'not_migrated' });
  expect(isAnswered).toBe(false);
  await migrateStore({ url, connectTimeoutMs: 2000 });
  expect(await asked).toEqual([[], []]);
});

test('a call fails at once while the database is away', async () => {
  const port = await freePort();
  const store = open(`postgres://sluice@127.0.0.1:${port}/none`);
  await expect(firstKeys(store)).rejects.toMatchObject({ status: 503, code: 'records_unavailable' });
});
