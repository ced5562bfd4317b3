import { type Kysely, sql } from 'kysely';
import { insertRows } from '../insert-rows.ts';
import type { Tables } from '../tables.ts';
import type { ConversationPlace } from './conversations.ts';
import { heldBy } from './held-by.ts';

type Db = Kysely<Tables>;

/** An item in the form of OpenAI's Conversations API. */
export type ConversationItem = Readonly<Record<string, unknown>> & { readonly id: string };

/** Bounds of a conversation, and of all of a key; one that reaches them takes no more items. */
export interface ConversationBounds {
  readonly mostItems: number;
  readonly mostBytes: number;
  /** Bytes of all conversations of the key. Requests at once may exceed it by what each of them adds. */
  readonly mostKeyBytes: number;
}

export interface AddedItems extends ConversationPlace, ConversationBounds {
  readonly items: readonly ConversationItem[];
}

/** Appends items, all or none. Two requests at once append one after the other. */
export async function appendItems(db: Db, added: AddedItems): Promise<'added' | 'full' | 'key_full' | 'missing'> {
  const rows = added.items.map((item) => ({
    conversation_id: added.id,
    id: item.id,
    item,
    bytes: Buffer.byteLength(JSON.stringify(item)),
  }));
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
  return db.transaction().execute(async (trx) => {
    const conversation = await trx
      .selectFrom('conversations')
      .select(['item_count', 'item_bytes'])
      .where('id', '=', added.id)
      .where('key_id', '=', added.keyId)
      .forUpdate()
      .executeTakeFirst();
    if (conversation === undefined) return 'missing';
    const count = conversation.item_count + rows.length;
    if (count > added.mostItems || conversation.item_bytes + bytes > added.mostBytes) return 'full';
    if ((await heldBy(trx, added.keyId)).bytes + bytes > added.mostKeyBytes) return 'key_full';
    await insertRows(trx, { table: 'conversation_items', rows });
    await trx
      .updateTable('conversations')
      .set({ item_count: count, item_bytes: conversation.item_bytes + bytes, updated_at: sql<Date>`now()` })
      .where('id', '=', added.id)
      .execute();
    return 'added';
  });
}

export interface ListedItems extends ConversationPlace {
  readonly limit: number;
  readonly order: 'asc' | 'desc';
  /** Id of the last item of the page before. */
  readonly after?: string | undefined;
}

/** Returns a page of the items, and whether there are more; nothing for another key's conversation. */
export async function listItems(
  db: Db,
  { id, keyId, limit, order, after }: ListedItems,
): Promise<{ readonly items: readonly ConversationItem[]; readonly hasMore: boolean }> {
  let query = db
    .selectFrom('conversation_items')
    .innerJoin('conversations', 'conversations.id', 'conversation_items.conversation_id')
    .where('conversations.id', '=', id)
    .where('conversations.key_id', '=', keyId)
    .select('conversation_items.item');
  if (after !== undefined) {
    const seq = db
      .selectFrom('conversation_items')
      .select('seq')
      .where('conversation_id', '=', id)
      .where('id', '=', after);
    query = query.where('conversation_items.seq', order === 'asc' ? '>' : '<', seq);
  }
  const rows = await query
    .orderBy('conversation_items.seq', order)
    .limit(limit + 1)
    .execute();
  return { items: rows.slice(0, limit).map(({ item }) => toItem(item)), hasMore: rows.length > limit };
}

export interface ItemPlace extends ConversationPlace {
  readonly itemId: string;
}

export async function findItem(db: Db, { id, keyId, itemId }: ItemPlace): Promise<ConversationItem | undefined> {
  const row = await db
    .selectFrom('conversation_items')
    .innerJoin('conversations', 'conversations.id', 'conversation_items.conversation_id')
    .where('conversations.id', '=', id)
    .where('conversations.key_id', '=', keyId)
    .where('conversation_items.id', '=', itemId)
    .select('conversation_items.item')
    .executeTakeFirst();
  return row === undefined ? undefined : toItem(row.item);
}

/** Deletes an item; an unknown one changes nothing. */
export async function deleteItem(db: Db, { id, keyId, itemId }: ItemPlace): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const conversation = await trx
      .selectFrom('conversations')
      .select('id')
      .where('id', '=', id)
      .where('key_id', '=', keyId)
      .forUpdate()
      .executeTakeFirst();
    if (conversation === undefined) return;
    const deleted = await trx
      .deleteFrom('conversation_items')
      .where('conversation_id', '=', id)
      .where('id', '=', itemId)
      .returning('bytes')
      .executeTakeFirst();
    if (deleted === undefined) return;
    await trx
      .updateTable('conversations')
      .set({
        item_count: sql<number>`item_count - 1`,
        item_bytes: sql<number>`item_bytes - ${deleted.bytes}`,
        updated_at: sql<Date>`now()`,
      })
      .where('id', '=', id)
      .execute();
  });
}

/** Items are written with their id only. */
const toItem = (item: Record<string, unknown>): ConversationItem => ({ ...item, id: String(item['id']) });
