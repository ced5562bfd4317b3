import type { Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

/** Keeps an entry that can't be written to its own table, so that nothing is lost. */
export async function skipEntry(
  db: Kysely<Tables>,
  { stream, entry, reason }: { readonly stream: string; readonly entry: string; readonly reason: string },
): Promise<void> {
  const clean = (text: string): string => text.replaceAll('\0', '').toWellFormed();
  await db
    .insertInto('skipped_entries')
    .values({ stream, entry: clean(entry), reason: clean(reason) })
    .execute();
}
