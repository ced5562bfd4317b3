import { type KeyChanges, revokedKeptMs } from '@sluice/records';
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables.ts';
import { withSecrets } from './key-rows.ts';
import { toKeptTeam } from './teams.ts';

/**
 * Reads the keys and teams that changed after a revision of this database; all of them for another database, or for a
 * revision that this one has not reached: it was restored from a backup. All are those that exist, and what was revoked lately.
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
      const teams = await trx
        .selectFrom('teams')
        .selectAll()
        .where('revision', '>', after)
        .$if(isWhole, (all) => all.where('removed_at', 'is', null))
        .execute();
      const keptSince = sql<Date>`now() - ${revokedKeptMs} * interval '1 millisecond'`;
      const keys = await trx
        .selectFrom('client_keys')
        .selectAll()
        .where('revision', '>', after)
        .$if(isWhole, (all) =>
          all.where((is) => is.or([is('revoked_at', 'is', null), is('revoked_at', '>', keptSince)])),
        )
        .execute();
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
