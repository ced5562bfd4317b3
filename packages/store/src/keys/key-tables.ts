import type { Budgets, StoredKey, Team } from '@sluice/records';
import type { ColumnType, Generated } from 'kysely';

/** A `jsonb` column: objects come out, texts go in. */
type Json<Value> = ColumnType<Value, string, string>;

/** Tables of client keys and teams. */
export interface KeyTables {
  key_registry: { is_only: Generated<boolean>; database: Generated<string>; revision: Generated<number> };
  teams: TeamRow;
  client_keys: ClientKeyRow;
  key_secrets: {
    digest: string;
    key_id: string;
    hint: string;
    created_at: Generated<Date>;
    expires_at: Date | null;
  };
}

export interface TeamRow {
  id: string;
  name: string;
  models: string[];
  limits: Json<Team['limits']>;
  budgets: Json<Budgets>;
  created_at: Generated<Date>;
  removed_at: Date | null;
  revision: number;
}

export interface ClientKeyRow {
  id: string;
  name: string;
  admin: boolean;
  models: string[];
  limits: Json<StoredKey['limits']>;
  budgets: Json<Budgets>;
  weight: number;
  team_id: string | null;
  owner: string | null;
  tags: string[];
  allowed_addresses: string[];
  may_log_bodies: boolean;
  expires_at: Date | null;
  created_at: Generated<Date>;
  created_by: string | null;
  revoked_at: Date | null;
  ends_streams: Generated<boolean>;
  revision: number;
}
