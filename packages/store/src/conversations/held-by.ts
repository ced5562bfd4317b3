import type { Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

/** Returns what a key holds. Its conversations are bounded, so the sum reads a bounded number of rows. */
export async function heldBy(
  db: Kysely<Tables>,
  keyId: string,
): Promise<{ readonly conversations: number; readonly bytes: number }> {
  const { conversations, bytes } = await db
    .selectFrom('conversations')
    .where('key_id', '=', keyId)
    .select(({ fn }) => [fn.countAll().as('conversations'), fn.sum('item_bytes').as('bytes')])
    .executeTakeFirstOrThrow();
  return { conversations: Number(conversations), bytes: Number(bytes ?? 0) };
}
