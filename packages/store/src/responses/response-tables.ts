import type { Generated, JSONColumnType } from 'kysely';

type Json = Record<string, unknown>;

export interface ResponseTables {
  responses: {
    id: string;
    key_id: string;
    previous_id: string | null;
    input: JSONColumnType<Json[]>;
    response: JSONColumnType<Json>;
    bytes: number;
    created_at: Generated<Date>;
    expires_at: Date;
  };
}
