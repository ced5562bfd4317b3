import type { Generated, JSONColumnType } from 'kysely';

type Json = Record<string, unknown>;

export interface ConversationTables {
  conversations: {
    id: string;
    key_id: string;
    user_id: string | null;
    title: string | null;
    metadata: JSONColumnType<Json>;
    created_at: Generated<Date>;
    updated_at: Generated<Date>;
    item_count: Generated<number>;
    item_bytes: Generated<number>;
  };
  conversation_items: {
    conversation_id: string;
    seq: Generated<number>;
    id: string;
    item: JSONColumnType<Json>;
    bytes: number;
    created_at: Generated<Date>;
  };
}
