import { type Kysely, sql } from 'kysely';
import { toJson } from '../insert-rows.ts';
import type { Tables } from '../tables.ts';

type Db = Kysely<Tables>;
type Json = Readonly<Record<string, unknown>>;

/** The owner of a response is part of each question: another key finds nothing. */
export interface ResponsePlace {
  readonly id: string;
  readonly keyId: string;
}

export interface StoredResponse extends ResponsePlace {
  readonly previousId: string | undefined;
  /** Items that the request added. */
  readonly input: readonly Json[];
  /** The response as its client got it. */
  readonly response: Json;
}

export interface ResponseBounds {
  /** Bytes of all responses of the key. Requests at once may exceed it by what each of them adds. */
  readonly mostKeyBytes: number;
  /** Time after which a response is dropped, in days. */
  readonly keepDays: number;
}

/** Stores a response, or replaces it. Returns `key_full` if the key has as much as it may have. */
export async function saveResponse(
  db: Db,
  { id, keyId, previousId, input, response }: StoredResponse,
  { mostKeyBytes, keepDays }: ResponseBounds,
): Promise<'saved' | 'key_full'> {
  const [inputJson, responseJson] = [toJson(input), toJson(response)];
  const bytes = Buffer.byteLength(inputJson) + Buffer.byteLength(responseJson);
  const { held } = await db
    .selectFrom('responses')
    .where('key_id', '=', keyId)
    .select(({ fn }) => fn.sum('bytes').as('held'))
    .executeTakeFirstOrThrow();
  if (Number(held ?? 0) + bytes > mostKeyBytes) return 'key_full';
  const changed = { input: inputJson, response: responseJson, bytes };
  await db
    .insertInto('responses')
    .values({
      id,
      key_id: keyId,
      previous_id: previousId ?? null,
      ...changed,
      expires_at: sql<Date>`now() + make_interval(days => ${keepDays})`,
    })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(changed).where('responses.key_id', '=', keyId))
    .execute();
  return 'saved';
}

export async function findResponse(db: Db, { id, keyId }: ResponsePlace): Promise<StoredResponse | undefined> {
  const row = await db
    .selectFrom('responses')
    .select(['previous_id', 'input', 'response'])
    .where('id', '=', id)
    .where('key_id', '=', keyId)
    .where('expires_at', '>', sql<Date>`now()`)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { previous_id: previousId, input, response } = row;
  return { id, keyId, previousId: previousId ?? undefined, input, response };
}

/** Deletes a response. Returns false if there is no such response. Later responses keep the items that they had. */
export async function deleteResponse(db: Db, { id, keyId }: ResponsePlace): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('responses')
    .where('id', '=', id)
    .where('key_id', '=', keyId)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Deletes the responses whose time is over. */
export async function dropOldResponses(db: Db): Promise<void> {
  await sql`delete from responses where expires_at < now()`.execute(db);
}
