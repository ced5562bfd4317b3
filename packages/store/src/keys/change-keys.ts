import type { Kysely, Transaction } from 'kysely';
import type { Tables } from '../tables.ts';

/** A place in a list, newest first. */
export interface KeyCursor {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly id: string;
}

/**
 * Changes keys or teams in a transaction with the next revision. Its row is locked until the commit, so changes follow each
 * other, and revisions are in the order of the commits.
 */
export function changeKeys<Result>(
  db: Kysely<Tables>,
  change: (trx: Transaction<Tables>, revision: number) => Promise<Result>,
): Promise<Result> {
  return db.transaction().execute(async (trx) => {
    const { revision } = await trx
      .updateTable('key_registry')
      .set((is) => ({ revision: is('revision', '+', 1) }))
      .returning('revision')
      .executeTakeFirstOrThrow();
    return change(trx, revision);
  });
}

export const toDate = (ms: number | null | undefined): Date | null =>
  ms === undefined || ms === null ? null : new Date(ms);
