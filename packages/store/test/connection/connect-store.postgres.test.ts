import { sql } from 'kysely';
import { afterFile, createTestDatabase, freePort, startPostgres, until } from '@sluice/testkit';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { connectStore, type Store, StoreUnavailable } from '../../src/index.ts';

const options = { poolSize: 2, statementTimeoutMs: 2000, connectTimeoutMs: 1000, onError: () => undefined };
const now = (store: Store) => sql<{ one: number }>`select 1::bigint as one`.execute(store.db);

function open(url: string, more: Partial<typeof options> = {}): Store {
  const store = connectStore({ ...options, ...more, url });
  onTestFinished(() => store.close());
  return store;
}

describe('with the shared server', () => {
  let url: string;
  beforeAll(async () => {
    url = await createTestDatabase();
  });

  test('reads bigint as numbers', async () => {
    expect((await now(open(url))).rows).toEqual([{ one: 1 }]);
  });

  test('refuses a number beyond 2^53 instead of rounding it', async () => {
    await expect(sql`select 9007199254740993::bigint as big`.execute(open(url).db)).rejects.toThrow('too large');
  });

  test('ends a statement that takes too long, and answers the next', async () => {
    const store = open(url, { statementTimeoutMs: 100 });
    await expect(sql`select pg_sleep(5)`.execute(store.db)).rejects.toMatchObject({ reason: 'timeout' });
    expect((await now(store)).rows).toEqual([{ one: 1 }]);
  });

  test('says that the migrations have not run', async () => {
    const failing = sql`select * from missing_table`.execute(open(url).db);
    await expect(failing).rejects.toMatchObject({ name: 'StoreUnavailable', reason: 'not_migrated' });
  });

  test('closes without ever having connected, and twice', async () => {
    const store = connectStore({ ...options, url });
    await store.close();
    await expect(store.close()).resolves.toBeUndefined();
  });
});

test('has no password in its errors', async () => {
  const port = await freePort();
  const failing = now(open(`postgres://someone:very-secret@127.0.0.1:${port}/none`));
  await expect(failing).rejects.toSatisfy(
    (error) =>
      error instanceof StoreUnavailable && !JSON.stringify([error, error.message, error.stack]).includes('very-secret'),
  );
  expect(() => connectStore({ ...options, url: 'postgres://a:very-secret@[bad' })).toThrow(/must look like/);
});

test('answers again after the server was paused, killed and restarted', async () => {
  const server = await startPostgres();
  afterFile(() => server.stop());
  const store = open(server.url, { statementTimeoutMs: 300, connectTimeoutMs: 300 });
  await now(store);
  await server.pause();
  await expect(now(store)).rejects.toMatchObject({ reason: 'timeout' });
  await server.resume();
  await until(() => now(store), { what: 'an answer after the pause' });
  await server.kill();
  await expect(now(store)).rejects.toThrow(StoreUnavailable);
  await server.restart();
  await until(() => now(store), { what: 'an answer after the restart' });
});
