import type { Kysely } from 'kysely';
import { StoreUnavailable } from '../connection/unavailable.ts';
import type { Tables } from '../tables.ts';
import { readMigrations } from './read-migrations.ts';

/**
 * Returns whether the database has every migration of this version. At the start of a new version it may be a moment behind.
 * @throws StoreUnavailable for any other reason than missing migrations
 */
export async function isMigrated(db: Kysely<Tables>): Promise<boolean> {
  const known = await readMigrations();
  try {
    const newest = await db
      .selectFrom('sluice_migrations')
      .select((is) => is.fn.max('number').as('number'))
      .executeTakeFirst();
    return (newest?.number ?? 0) >= known.length;
  } catch (error) {
    if (error instanceof StoreUnavailable && error.reason === 'not_migrated') return false;
    throw error;
  }
}
