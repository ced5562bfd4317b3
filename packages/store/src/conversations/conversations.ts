import { type Kysely, sql } from 'kysely';
import { toJson } from '../insert-rows.ts';
import type { Tables } from '../tables.ts';
import { heldBy } from './held-by.ts';

type Db = Kysely<Tables>;

/** A conversation as its owner sees it. Times are milliseconds since 1970. */
export interface Conversation {
  readonly id: string;
  readonly userId: string | undefined;
  readonly title: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly itemCount: number;
  readonly itemBytes: number;
}

/** The owner of a conversation is part of each question: another key finds nothing. */
export interface ConversationPlace {
  readonly id: string;
  readonly keyId: string;
}

export interface NewConversation extends ConversationPlace {
  readonly userId?: string | undefined;
  readonly title?: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Returns undefined if the key has that many conversations already; requests at once may exceed the number. */
export async function createConversation(
  db: Db,
  created: NewConversation,
  { mostConversations }: { readonly mostConversations: number },
): Promise<Conversation | undefined> {
  if ((await heldBy(db, created.keyId)).conversations >= mostConversations) return undefined;
  const row = await db
    .insertInto('conversations')
    .values({
      id: created.id,
      key_id: created.keyId,
      user_id: created.userId ?? null,
      title: created.title ?? null,
      metadata: toJson(created.metadata),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toConversation(row);
}

export async function findConversation(db: Db, place: ConversationPlace): Promise<Conversation | undefined> {
  const row = await db
    .selectFrom('conversations')
    .selectAll()
    .where('id', '=', place.id)
    .where('key_id', '=', place.keyId)
    .executeTakeFirst();
  return row === undefined ? undefined : toConversation(row);
}

export interface ConversationChange extends ConversationPlace {
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly title?: string | undefined;
}

/** Replaces what is given; returns undefined if there is no such conversation. */
export async function updateConversation(db: Db, change: ConversationChange): Promise<Conversation | undefined> {
  const row = await db
    .updateTable('conversations')
    .set({
      updated_at: sql<Date>`now()`,
      ...(change.metadata === undefined ? {} : { metadata: toJson(change.metadata) }),
      ...(change.title === undefined ? {} : { title: change.title }),
    })
    .where('id', '=', change.id)
    .where('key_id', '=', change.keyId)
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? undefined : toConversation(row);
}

/** Deletes a conversation with its items. Returns false if there is no such conversation. */
export async function deleteConversation(db: Db, place: ConversationPlace): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('conversations')
    .where('id', '=', place.id)
    .where('key_id', '=', place.keyId)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export interface ConversationsOfUser {
  readonly keyId: string;
  readonly userId: string;
  readonly limit: number;
  readonly offset: number;
}

/** Returns the conversations of a person, the one that changed last first, and the number of all. */
export async function listConversations(
  db: Db,
  { keyId, userId, limit, offset }: ConversationsOfUser,
): Promise<{ readonly conversations: readonly Conversation[]; readonly total: number }> {
  const mine = db.selectFrom('conversations').where('key_id', '=', keyId).where('user_id', '=', userId);
  const { total } = await mine.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow();
  const rows = await mine.selectAll().orderBy('updated_at', 'desc').orderBy('id').limit(limit).offset(offset).execute();
  return { conversations: rows.map(toConversation), total };
}

interface ConversationRow {
  readonly id: string;
  readonly user_id: string | null;
  readonly title: string | null;
  readonly metadata: Record<string, unknown>;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly item_count: number;
  readonly item_bytes: number;
}

const toConversation = (row: ConversationRow): Conversation => ({
  id: row.id,
  userId: row.user_id ?? undefined,
  title: row.title ?? undefined,
  metadata: row.metadata,
  createdAt: row.created_at.getTime(),
  updatedAt: row.updated_at.getTime(),
  itemCount: row.item_count,
  itemBytes: row.item_bytes,
});
