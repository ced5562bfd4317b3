import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { checkUrl } from '../connection/connect-store.ts';
import { StoreUnavailable, toStoreError } from '../connection/unavailable.ts';
import { type Migration, readMigrations } from './read-migrations.ts';

export interface MigrateOptions {
  readonly url: string;
  readonly ssl?: ConnectionOptions | false;
  readonly connectTimeoutMs: number;
  /** Default: those of this package. */
  readonly migrations?: readonly Migration[];
}

/** The database and this version disagree about the migrations that were applied. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** Any number that no other program locks: "sluice", in letters' ranks. */
const lockId = 1_912_210_935;
/** A replica that starts waits for another's migrations this long. */
const lockTimeoutMs = 600_000;

/**
 * Applies the migrations that the database does not have yet, in one transaction. Replicas that start at once take turns, so
 * the first applies them and the others find them done.
 * @returns names of the applied ones
 * @throws MigrationError if the database is newer than this version, or if an applied migration has changed; StoreUnavailable
 */
export async function migrateStore(options: MigrateOptions): Promise<readonly string[]> {
  const { url, ssl = false, connectTimeoutMs, migrations = await readMigrations() } = options;
  checkUrl(url);
  // Without a pool and its timeouts: a migration may take minutes.
  const client = new pg.Client({
    connectionString: url,
    ssl,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    application_name: 'sluice migrate',
  });
  // The call that a broken connection belongs to rejects too.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await migrate(client, migrations);
  } catch (error) {
    throw toStoreError(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A transaction holds the lock, so that it works through a pooler that shares sessions, too. */
async function migrate(client: pg.Client, migrations: readonly Migration[]): Promise<readonly string[]> {
  await client.query('begin');
  await client.query(`set local lock_timeout = ${lockTimeoutMs}`);
  await client.query('select pg_advisory_xact_lock($1)', [lockId]);
  await client.query('set local lock_timeout = 0');
  await client.query(`
    create table if not exists sluice_migrations (
      number integer primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`);
  const { rows } = await client.query<AppliedMigration>(
    'select number, name, checksum from sluice_migrations order by number',
  );
  const pending = pendingMigrations(migrations, rows);
  for (const migration of pending) await apply(client, migration);
  await client.query('commit');
  return pending.map(({ name }) => name);
}

async function apply(client: pg.Client, { number, name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    const storeError = toStoreError(error);
    const isOutage = storeError instanceof StoreUnavailable && storeError.reason !== 'not_migrated';
    if (isOutage) throw storeError;
    throw new MigrationError(`Migration ${name} fails: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  await client.query('insert into sluice_migrations (number, name, checksum) values ($1, $2, $3)', [
    number,
    name,
    checksum,
  ]);
}

type AppliedMigration = Pick<Migration, 'number' | 'name' | 'checksum'>;

/**
 * Returns the migrations that a database does not have yet.
 * @throws MigrationError if it has one that this version doesn't know, or one with another text
 */
function pendingMigrations(known: readonly Migration[], applied: readonly AppliedMigration[]): readonly Migration[] {
  const newest = applied.at(-1);
  if (newest !== undefined && newest.number > known.length) {
    throw new MigrationError(
      `The database has migration ${newest.name}, and this version knows only ${known.at(-1)?.name ?? 'none'}: run the version that the database belongs to, or a newer one. Records are not migrated back.`,
    );
  }
  for (const { number, name, checksum } of applied) {
    if (known[number - 1]?.checksum !== checksum) {
      throw new MigrationError(
        `Migration ${name} was applied to the database with another text than this version has: a migration that was released must not change. Add a new one instead.`,
      );
    }
  }
  return known.slice(applied.length);
}
