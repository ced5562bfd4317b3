import type { Generated, JSONColumnType } from 'kysely';
import type { BodyKind, RequestLog } from '@sluice/records';
import type { KeyTables } from './keys/key-tables.ts';
import type { ConversationTables } from './conversations/conversation-tables.ts';
import type { ResponseTables } from './responses/response-tables.ts';
import type { MigrationTables } from './migrations/table.ts';

/** A `bigint`, which `column-types.ts` reads as a number. */
type Count = number;

/** All tables with the types of their columns. Money is micro-dollars. */
export interface Tables extends MigrationTables, ConversationTables, KeyTables, ResponseTables {
  ledger_requests: RequestRow & { recorded_at: Generated<Date> };
  ledger_attempts: AttemptRow & { recorded_at: Generated<Date> };
  request_logs: LogRow;
  request_bodies: BodyRow;
  usage_requests: UsageRow & RequestSums;
  usage_attempts: UpstreamUsageRow & AttemptSums;
  skipped_entries: {
    id: Generated<number>;
    stream: string;
    entry: string;
    reason: string;
    skipped_at: Generated<Date>;
  };
}

export interface RequestRow {
  accepted_at: Date;
  id: string;
  key_id: string;
  key_name: string;
  team_id: string | null;
  owner: string | null;
  tags: string[];
  session_id: string | null;
  agent: string | null;
  operation: string;
  model: string;
  stream: boolean;
  ended_at: Date;
  waited_ms: Count | null;
  queue_wait_ms: Count | null;
  ttft_ms: Count | null;
  served_model: string | null;
  upstream: string | null;
  outcome: string;
  status: number;
  code: string | null;
  attempts: number;
  input_tokens: Count;
  output_tokens: Count;
  cost_micros: Count;
  estimated: boolean;
  settled_by: string;
}

export interface AttemptRow {
  started_at: Date;
  id: string;
  request_id: string;
  epoch: number;
  number: number;
  upstream: string;
  model: string;
  credential: string;
  operation: string;
  duration_ms: Count;
  ttft_ms: Count | null;
  outcome: string;
  failure_kind: string | null;
  status: number | null;
  fresh_tokens: Count;
  cache_read_tokens: Count;
  cache_write_tokens: Count;
  output_tokens: Count;
  reasoning_tokens: Count;
  audio_tokens: Count | null;
  image_tokens: Count | null;
  cost_micros: Count;
  provider_cost_micros: Count | null;
  price_source: string;
  estimated: boolean;
}

interface LogRow {
  arrived_at: Date;
  id: string;
  public_id: string;
  trace_id: string | null;
  key_id: string | null;
  model: string | null;
  upstream: string | null;
  operation: string | null;
  status: number;
  outcome: string;
  code: string | null;
  error: string | null;
  duration_ms: number;
  cost_micros: Count | null;
  entry: JSONColumnType<RequestLog>;
}

interface BodyRow {
  arrived_at: Date;
  id: string;
  kind: BodyKind;
  size_bytes: Count;
  is_truncated: boolean;
  content: Buffer;
}

export type UsagePeriod = 'hour' | 'day';
export type UsageDimension = 'all' | 'tag' | 'session';

export interface UsageRow {
  period: UsagePeriod;
  starts_at: Date;
  dimension: UsageDimension;
  label: string;
  key_id: string;
  team_id: string;
  owner: string;
  model: string;
  upstream: string;
}

export interface RequestSums {
  requests: Count;
  failed: Count;
  input_tokens: Count;
  output_tokens: Count;
  cost_micros: Count;
}

export interface UpstreamUsageRow {
  period: UsagePeriod;
  starts_at: Date;
  upstream: string;
  model: string;
  credential: string;
}

export interface AttemptSums {
  attempts: Count;
  failed: Count;
  fresh_tokens: Count;
  cache_read_tokens: Count;
  cache_write_tokens: Count;
  output_tokens: Count;
  reasoning_tokens: Count;
  cost_micros: Count;
  provider_cost_micros: Count;
}
