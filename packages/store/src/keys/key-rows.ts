import { type StoredKey, storedKeySchema } from '@sluice/records';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Tables } from '../tables.ts';
import type { ClientKeyRow } from './key-tables.ts';

/** A client key of the database with its story. Times are milliseconds since 1970. */
export interface KeptKey {
  readonly key: StoredKey;
  readonly createdAt: number;
  /** Id of the key that created it. */
  readonly createdBy: string | undefined;
  readonly revokedAt: number | undefined;
  readonly revision: number;
}

type Row = Selectable<ClientKeyRow>;

/** Adds the secrets that are still valid to rows of keys; keeps the order. */
export async function withSecrets(db: Kysely<Tables>, rows: readonly Row[]): Promise<KeptKey[]> {
  if (rows.length === 0) return [];
  const secrets = await db
    .selectFrom('key_secrets')
    .select(['key_id', 'digest', 'hint', 'expires_at'])
    .where('key_id', '=', sql<string>`any(${rows.map(({ id }) => id)})`)
    .where((is) => is.or([is('expires_at', 'is', null), is('expires_at', '>', sql<Date>`now()`)]))
    .orderBy('created_at')
    .orderBy('digest')
    .execute();
  const byKey = Map.groupBy(secrets, ({ key_id }) => key_id);
  return rows.map((row) => ({
    key: toStoredKey(
      row,
      (byKey.get(row.id) ?? []).map(({ digest, hint, expires_at }) => ({
        digest,
        hint,
        ...(expires_at === null ? {} : { expiresAt: expires_at.getTime() }),
      })),
    ),
    createdAt: row.created_at.getTime(),
    createdBy: row.created_by ?? undefined,
    revokedAt: row.revoked_at?.getTime(),
    revision: row.revision,
  }));
}

function toStoredKey(row: Row, secrets: StoredKey['secrets']): StoredKey {
  return storedKeySchema.parse({
    id: row.id,
    name: row.name,
    secrets,
    admin: row.admin,
    models: row.models,
    limits: row.limits,
    budgets: row.budgets,
    weight: row.weight,
    teamId: row.team_id ?? undefined,
    owner: row.owner ?? undefined,
    tags: row.tags,
    allowedAddresses: row.allowed_addresses,
    mayLogBodies: row.may_log_bodies,
    expiresAt: row.expires_at?.getTime(),
    isRevoked: row.revoked_at !== null,
    revokedAt: row.revoked_at?.getTime(),
    endsStreams: row.ends_streams,
  });
}
