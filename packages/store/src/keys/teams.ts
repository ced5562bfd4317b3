import { type Team, teamSchema } from '@sluice/records';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Tables } from '../tables.ts';
import { changeKeys, type KeyCursor } from './change-keys.ts';
import type { TeamRow } from './key-tables.ts';

/** A team of the database; times are milliseconds since 1970. */
export interface KeptTeam {
  readonly team: Team;
  readonly createdAt: number;
  readonly isRemoved: boolean;
  readonly revision: number;
}

export type TeamPatch = Partial<Omit<Team, 'id'>>;

export interface ListTeams {
  readonly after?: KeyCursor | undefined;
  readonly limit: number;
}

/** Returns teams of the database, newest first. */
export async function listTeams(db: Kysely<Tables>, { after, limit }: ListTeams): Promise<KeptTeam[]> {
  let query = db.selectFrom('teams').selectAll().where('removed_at', 'is', null);
  if (after !== undefined) {
    query = query.where(sql<boolean>`(created_at, id) < (${new Date(after.createdAt)}, ${after.id})`);
  }
  const rows = await query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
  return rows.map(toKeptTeam);
}

export async function findTeam(db: Kysely<Tables>, id: string): Promise<KeptTeam | undefined> {
  const row = await db
    .selectFrom('teams')
    .selectAll()
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  return row === undefined ? undefined : toKeptTeam(row);
}

/** Returns undefined if there is a team with this id. The id of a removed team can be used again. */
export function createTeam(db: Kysely<Tables>, { id, ...team }: Team): Promise<KeptTeam | undefined> {
  return changeKeys(db, async (trx, revision) => {
    const values = { ...toColumns(team), revision };
    const row = await trx
      .insertInto('teams')
      .values({ id, ...values, removed_at: null })
      .onConflict((conflict) =>
        conflict
          .column('id')
          .doUpdateSet({ ...values, removed_at: null, created_at: sql<Date>`date_trunc('milliseconds', now())` })
          .where('teams.removed_at', 'is not', null),
      )
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? undefined : toKeptTeam(row);
  });
}

/** Returns undefined if there is no such team. */
export function changeTeam(db: Kysely<Tables>, id: string, patch: TeamPatch): Promise<KeptTeam | undefined> {
  return changeKeys(db, async (trx, revision) => {
    const row = await trx
      .updateTable('teams')
      .set({
        ...(patch.name === undefined ? {} : { name: patch.name }),
        ...(patch.models === undefined ? {} : { models: patch.models }),
        ...(patch.limits === undefined ? {} : { limits: JSON.stringify(patch.limits) }),
        ...(patch.budgets === undefined ? {} : { budgets: JSON.stringify(patch.budgets) }),
        revision,
      })
      .where('id', '=', id)
      .where('removed_at', 'is', null)
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? undefined : toKeptTeam(row);
  });
}

/** Removes a team, unless keys that are not revoked belong to it: they would lose its limits. */
export function removeTeam(db: Kysely<Tables>, id: string): Promise<'removed' | 'unknown' | 'in_use'> {
  return changeKeys(db, async (trx, revision) => {
    const used = await trx
      .selectFrom('client_keys')
      .select('id')
      .where('team_id', '=', id)
      .where('revoked_at', 'is', null)
      .limit(1)
      .execute();
    if (used.length > 0) return 'in_use';
    const { numUpdatedRows } = await trx
      .updateTable('teams')
      .set({ removed_at: sql<Date>`now()`, revision })
      .where('id', '=', id)
      .where('removed_at', 'is', null)
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n ? 'removed' : 'unknown';
  });
}

export const toKeptTeam = (row: Selectable<TeamRow>): KeptTeam => ({
  team: teamSchema.parse({ ...row }),
  createdAt: row.created_at.getTime(),
  isRemoved: row.removed_at !== null,
  revision: row.revision,
});

const toColumns = ({ name, models, limits, budgets }: Omit<Team, 'id'>) => ({
  name,
  models,
  limits: JSON.stringify(limits),
  budgets: JSON.stringify(budgets),
});
