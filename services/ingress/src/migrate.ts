import { profiles } from '@sluice/compat';
import { ConfigError, loadConfig } from '@sluice/config';
import { migrateStore, MigrationError, StoreUnavailable } from '@sluice/store';
import { databaseAccess } from './recorder/recorder-settings.ts';

/** `npm run migrate`: brings the database of the configuration up to this version. Ingresses do the same when they start. */
async function main(): Promise<void> {
  const { database } = loadConfig({ env: process.env, cwd: process.cwd(), profiles, isKeyRequired: false });
  if (database === undefined) {
    // Not an error: a script runs this before each start, with or without a database.
    process.stdout.write(
      'No database is configured, so there is nothing to migrate. DATABASE_URL, or database.url in the configuration, names one.\n',
    );
    return;
  }
  const applied = await migrateStore(databaseAccess(database));
  process.stdout.write(
    applied.length === 0
      ? 'The database is up to date.\n'
      : `Applied ${applied.length === 1 ? 'a migration' : `${applied.length} migrations`}: ${applied.join(', ')}.\n`,
  );
}

main().catch((error: unknown) => {
  const isExpected =
    error instanceof ConfigError || error instanceof MigrationError || error instanceof StoreUnavailable;
  process.stderr.write(`${isExpected ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
  process.exitCode = 1;
});
