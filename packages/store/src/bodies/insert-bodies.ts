import type { BodyEntry } from '@sluice/records';
import { sql } from 'kysely';
import { type Db, toJson } from '../insert-rows.ts';

/** Inserts sealed bodies; those that are there already stay. Returns the number of new ones. */
export async function insertBodies(db: Db, bodies: readonly BodyEntry[]): Promise<number> {
  const rows = bodies.map(({ arrivedAt, id, kind, sizeBytes, isTruncated, content }) => ({
    arrived_at: new Date(arrivedAt),
    id,
    kind,
    size_bytes: sizeBytes,
    is_truncated: isTruncated,
    content,
  }));
  // PostgreSQL decodes base64 itself; a `bytea` in JSON would be hexadecimal, and half as long again.
  const { numAffectedRows = 0n } = await sql`
    insert into request_bodies (arrived_at, id, kind, size_bytes, is_truncated, content)
    select arrived_at, id, kind, size_bytes, is_truncated, decode(content, 'base64')
    from json_to_recordset(${toJson(rows)}::json)
      as bodies (arrived_at timestamptz, id text, kind text, size_bytes bigint, is_truncated boolean, content text)
    on conflict do nothing`.execute(db);
  return Number(numAffectedRows);
}
