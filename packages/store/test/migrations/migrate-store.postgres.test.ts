import { createHash } from 'node:crypto';
import { createTestDatabase } from '@sluice/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { connectStore, migrateStore, MigrationError } from '../../src/index.ts';
import { type Migration, readMigrations } from '../../src/migrations/read-migrations.ts';

const connectTimeoutMs = 2000;

function migration(number: number, sql: string): Migration {
  return { number, name: `000${number}-test`, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}
const first = migration(1, 'create table one (id integer); create table two (id integer);');
const second = migration(2, 'insert into one values (1)');

test('applies each migration once, although four replicas start at once', async () => {
  const url = await createTestDatabase();
  const options = { url, connectTimeoutMs, migrations: [first, second] };
  const applied = await Promise.all([1, 2, 3, 4].map(() => migrateStore(options)));
  expect(applied.flat()).toEqual(['0001-test', '0002-test']);
});

test('leaves the database as it was if one fails', async () => {
  const url = await createTestDatabase();
  const failing = migrateStore({
    url,
    connectTimeoutMs,
    migrations: [first, migration(2, 'insert into nowhere values (1')],
  });
  await expect(failing).rejects.toThrow('Migration 0002-test fails: syntax error');
  expect(await migrateStore({ url, connectTimeoutMs, migrations: [first] })).toEqual(['0001-test']);
});

test('refuses a database that is newer', async () => {
  const url = await createTestDatabase();
  await migrateStore({ url, connectTimeoutMs, migrations: [first, second] });
  const failing = migrateStore({ url, connectTimeoutMs, migrations: [first] });
  await expect(failing).rejects.toThrow('The database has migration 0002-test, and this version knows only 0001-test');
});

test('refuses a changed migration', async () => {
  const url = await createTestDatabase();
  await migrateStore({ url, connectTimeoutMs, migrations: [first] });
  const failing = migrateStore({ url, connectTimeoutMs, migrations: [migration(1, 'select 1')] });
  await expect(failing).rejects.toThrow(MigrationError);
});

test('applies its own migrations, and finds them done the second time', async () => {
  const url = await createTestDatabase();
  const names = (await readMigrations()).map(({ name }) => name);
  expect(await migrateStore({ url, connectTimeoutMs })).toEqual(names);
  expect(await migrateStore({ url, connectTimeoutMs })).toEqual([]);
  const store = connectStore({
    url,
    poolSize: 1,
    statementTimeoutMs: 1000,
    connectTimeoutMs,
    onError: () => undefined,
  });
  onTestFinished(() => store.close());
  expect(await store.db.selectFrom('sluice_migrations').select('name').orderBy('number').execute()).toEqual(
    names.map((name) => ({ name })),
  );
});
