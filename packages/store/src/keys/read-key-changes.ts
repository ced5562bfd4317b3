import type { KeyChanges } from '@sluice/records';
import type { Kysely } from 'kysely';
import type { Tables } from '../tables.ts';
import { withSecrets } from './key-rows.ts';
import { toKeptTeam } from './teams.ts';

/**
 * Reads the keys and teams that changed after a revision of this database; all of them for another database, or for a
 * revision that this one has not reached: it was restored from a backup.
 */
export function readKeyChanges(
  db: Kysely<Tables>,
  since: { readonly database: string; readonly revision: number } | undefined,
): Promise<KeyChanges> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      const { database, revision } = await trx
        .selectFrom('key_registry')
        .select(['database', 'revision'])
        .executeTakeFirstOrThrow();
      const isWhole = since === undefined || since.database !== database || since.revision > revision;
      if (!isWhole && since.revision === revision) return { database, revision, isWhole, records: [] };
      const after = isWhole ? -1 : since.revision;
      const teams = await trx.selectFrom('teams').selectAll().where('revision', '>', after).execute();
      const keys = await trx.selectFrom('client_keys').selectAll().where('revision', '>', after).execute();
      return {
        database,
        revision,
        isWhole,
        records: [
          ...teams.map(toKeptTeam).map(({ team, isRemoved, revision: changed }) => ({
            revision: changed,
            record: isRemoved ? { removedTeam: team.id } : { team },
          })),
          ...(await withSecrets(trx, keys)).map(({ key, revision: changed }) => ({
            revision: changed,
            record: { key },
          })),
        ],
      };
    });
}
