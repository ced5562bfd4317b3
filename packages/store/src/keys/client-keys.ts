import type { StoredKey } from '@sluice/records';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Tables } from '../tables.ts';
import { changeKeys, type KeyCursor, toDate } from './change-keys.ts';
import { type KeptKey, withSecrets } from './key-rows.ts';

/** A secret as it is kept. */
export interface KeptSecret {
  /** SHA-256, 64 hex digits. */
  readonly digest: string;
  /** First and last four characters. */
  readonly hint: string;
}

export type NewKey = Omit<StoredKey, 'secrets' | 'isRevoked' | 'revokedAt' | 'endsStreams'> & {
  readonly secret: KeptSecret;
  /** Id of the key that creates it. */
  readonly createdBy?: string | undefined;
};

/** Fields to change; absent = as before, null = removed. */
export type KeyPatch = Partial<
  Pick<
    StoredKey,
    'name' | 'admin' | 'models' | 'limits' | 'budgets' | 'weight' | 'tags' | 'allowedAddresses' | 'mayLogBodies'
  >
> & {
  readonly teamId?: string | null | undefined;
  readonly owner?: string | null | undefined;
  readonly expiresAt?: number | null | undefined;
};

export interface ListKeys {
  readonly after?: KeyCursor | undefined;
  readonly limit: number;
  readonly teamId?: string | undefined;
}

/** Returns keys of the database, newest first; revoked ones too. */
export async function listClientKeys(db: Kysely<Tables>, { after, limit, teamId }: ListKeys): Promise<KeptKey[]> {
  let query = db.selectFrom('client_keys').selectAll();
  if (teamId !== undefined) query = query.where('team_id', '=', teamId);
  if (after !== undefined) {
    query = query.where(sql<boolean>`(created_at, id) < (${new Date(after.createdAt)}, ${after.id})`);
  }
  return withSecrets(db, await query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute());
}

export async function findClientKey(db: Kysely<Tables>, id: string): Promise<KeptKey | undefined> {
  const rows = await db.selectFrom('client_keys').selectAll().where('id', '=', id).execute();
  return (await withSecrets(db, rows))[0];
}

export const createClientKey = (db: Kysely<Tables>, key: NewKey): Promise<KeptKey> =>
  changeKeys(db, (trx, revision) => insertKey(trx, revision, key));

/** Returns undefined if the key does not exist or is revoked. */
export function changeClientKey(db: Kysely<Tables>, id: string, patch: KeyPatch): Promise<KeptKey | undefined> {
  const { limits, budgets, teamId, owner, expiresAt, allowedAddresses, mayLogBodies, ...same } = patch;
  return changeKeys(db, async (trx, revision) => {
    const rows = await trx
      .updateTable('client_keys')
      .set({
        ...same,
        ...(limits === undefined ? {} : { limits: JSON.stringify(limits) }),
        ...(budgets === undefined ? {} : { budgets: JSON.stringify(budgets) }),
        ...(teamId === undefined ? {} : { team_id: teamId }),
        ...(owner === undefined ? {} : { owner }),
        ...(expiresAt === undefined ? {} : { expires_at: toDate(expiresAt) }),
        ...(allowedAddresses === undefined ? {} : { allowed_addresses: allowedAddresses }),
        ...(mayLogBodies === undefined ? {} : { may_log_bodies: mayLogBodies }),
        revision,
      })
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .returningAll()
      .execute();
    return (await withSecrets(trx, rows))[0];
  });
}

/**
 * Revokes a key for ever; its row stays for the records. Revoking it again changes nothing, apart from running streams that
 * end now.
 * @returns undefined if there is no such key
 */
export function revokeClientKey(
  db: Kysely<Tables>,
  id: string,
  { endsStreams }: { readonly endsStreams: boolean },
): Promise<KeptKey | undefined> {
  return changeKeys(db, async (trx, revision) => {
    const rows = await trx
      .updateTable('client_keys')
      .set({
        revoked_at: sql<Date>`coalesce(revoked_at, now())`,
        ends_streams: sql<boolean>`ends_streams or ${endsStreams}`,
        revision,
      })
      .where('id', '=', id)
      .returningAll()
      .execute();
    return (await withSecrets(trx, rows))[0];
  });
}

/**
 * Gives a key another secret. The ones before stay valid for `overlapMs`.
 * @returns undefined if the key does not exist or is revoked
 */
export function rotateClientKey(
  db: Kysely<Tables>,
  id: string,
  { secret, overlapMs }: { readonly secret: KeptSecret; readonly overlapMs: number },
): Promise<KeptKey | undefined> {
  return changeKeys(db, async (trx, revision) => {
    const rows = await trx
      .updateTable('client_keys')
      .set({ revision })
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .returningAll()
      .execute();
    if (rows.length === 0) return undefined;
    await trx
      .deleteFrom('key_secrets')
      .where('key_id', '=', id)
      .where('expires_at', '<=', sql<Date>`now()`)
      .execute();
    const endsAt = sql<Date>`now() + ${overlapMs} * interval '1 millisecond'`;
    await trx
      .updateTable('key_secrets')
      .set({ expires_at: sql<Date>`least(expires_at, ${endsAt})` })
      .where('key_id', '=', id)
      .execute();
    await trx
      .insertInto('key_secrets')
      .values({ ...secret, key_id: id, expires_at: null })
      .execute();
    return (await withSecrets(trx, rows))[0];
  });
}

/**
 * Creates this key if the database has no valid admin key. Of several replicas that ask at once, one creates it. If
 * `beforeCommit` rejects, the key is not created. It must take less time than a statement may.
 * @returns the key; undefined if there is an admin key
 */
export function createFirstAdminKey(
  db: Kysely<Tables>,
  key: NewKey,
  { beforeCommit }: { readonly beforeCommit: () => Promise<void> },
): Promise<KeptKey | undefined> {
  return changeKeys(db, async (trx, revision) => {
    const existing = await trx
      .selectFrom('client_keys')
      .select('id')
      .where('admin', '=', true)
      .where('revoked_at', 'is', null)
      .where((is) => is.or([is('expires_at', 'is', null), is('expires_at', '>', sql<Date>`now()`)]))
      .limit(1)
      .execute();
    if (existing.length > 0) return undefined;
    const kept = await insertKey(trx, revision, { ...key, admin: true });
    await beforeCommit();
    return kept;
  });
}

async function insertKey(trx: Transaction<Tables>, revision: number, key: NewKey): Promise<KeptKey> {
  const row = await trx
    .insertInto('client_keys')
    .values({
      id: key.id,
      name: key.name,
      admin: key.admin,
      models: key.models,
      limits: JSON.stringify(key.limits),
      budgets: JSON.stringify(key.budgets),
      weight: key.weight,
      team_id: key.teamId ?? null,
      owner: key.owner ?? null,
      tags: key.tags,
      allowed_addresses: key.allowedAddresses,
      may_log_bodies: key.mayLogBodies,
      expires_at: toDate(key.expiresAt),
      created_by: key.createdBy ?? null,
      revoked_at: null,
      revision,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await trx
    .insertInto('key_secrets')
    .values({ ...key.secret, key_id: key.id, expires_at: null })
    .execute();
  const [kept] = await withSecrets(trx, [row]);
  if (kept === undefined) throw new Error('a key that was inserted has no row');
  return kept;
}
