import type { BodyKind } from '@sluice/records';
import type { Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

/** A stored body. */
export interface FoundBody {
  readonly kind: BodyKind;
  /** Size of the whole body, as it was sent. */
  readonly sizeBytes: number;
  /** Only a part of the body is kept. */
  readonly isTruncated: boolean;
  /** The masked text, compressed and sealed. */
  readonly content: Buffer;
}

/** Finds the bodies of a request by its internal id. */
export async function findBodies(db: Kysely<Tables>, id: string): Promise<readonly FoundBody[]> {
  const rows = await db
    .selectFrom('request_bodies')
    .select(['kind', 'size_bytes', 'is_truncated', 'content'])
    .where('id', '=', id)
    .execute();
  return rows.map(({ kind, size_bytes, is_truncated, content }) => ({
    kind,
    sizeBytes: size_bytes,
    isTruncated: is_truncated,
    content,
  }));
}
