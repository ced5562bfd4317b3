-- The ledger, the request log and the sums of usage.
-- Money is integer micro-dollars. Times have the precision of the processes that tell them, a millisecond.
-- Partitions are created by the recorder; their names end in the first day of their span, in UTC.

-- Accepted requests. Partitions: months.
create table ledger_requests (
  accepted_at timestamptz not null,
  id text not null,
  key_id text not null,
  key_name text not null,
  team_id text,
  owner text,
  tags text[] not null default '{}',
  session_id text,
  agent text,
  operation text not null,
  model text not null,
  stream boolean not null,
  ended_at timestamptz not null,
  waited_ms bigint,
  queue_wait_ms bigint,
  ttft_ms bigint,
  served_model text,
  upstream text,
  outcome text not null,
  status integer not null,
  code text,
  attempts integer not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_micros bigint not null,
  estimated boolean not null,
  settled_by text not null,
  recorded_at timestamptz not null default now(),
  primary key (accepted_at, id)
) partition by range (accepted_at);
create index ledger_requests_id on ledger_requests (id);
-- The check of the balance reads what was recorded lately.
create index ledger_requests_recorded on ledger_requests using brin (recorded_at);
create index ledger_requests_key on ledger_requests (key_id, accepted_at);
create index ledger_requests_session on ledger_requests (session_id, accepted_at) where session_id is not null;

-- Calls to upstreams. Partitions: months.
create table ledger_attempts (
  started_at timestamptz not null,
  id text not null,
  request_id text not null,
  epoch integer not null,
  number integer not null,
  upstream text not null,
  model text not null,
  credential text not null,
  operation text not null,
  duration_ms bigint not null,
  ttft_ms bigint,
  outcome text not null,
  failure_kind text,
  status integer,
  fresh_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_tokens bigint not null,
  output_tokens bigint not null,
  reasoning_tokens bigint not null,
  audio_tokens bigint,
  image_tokens bigint,
  cost_micros bigint not null,
  provider_cost_micros bigint,
  price_source text not null,
  estimated boolean not null,
  recorded_at timestamptz not null default now(),
  primary key (started_at, id)
) partition by range (started_at);
create index ledger_attempts_id on ledger_attempts (id);
create index ledger_attempts_request on ledger_attempts (request_id);

-- The story of each request, also of refused ones. Partitions: days. `entry` has all fields, the columns what is searched.
create table request_logs (
  arrived_at timestamptz not null,
  id text not null,
  public_id text not null,
  trace_id text,
  key_id text,
  model text,
  upstream text,
  operation text,
  status integer not null,
  outcome text not null,
  code text,
  error text,
  duration_ms double precision not null,
  -- Of the ledger's entry; whichever of the two comes later sets it.
  cost_micros bigint,
  entry jsonb not null,
  primary key (arrived_at, id)
) partition by range (arrived_at);
create index request_logs_id on request_logs (id);
create index request_logs_public_id on request_logs (public_id);
create index request_logs_key on request_logs (key_id, arrived_at);
create index request_logs_model on request_logs (model, arrived_at);
create index request_logs_status on request_logs (status, arrived_at);
create index request_logs_cost on request_logs (cost_micros, arrived_at) where cost_micros > 0;

-- pg_trgm finds any part of an error's text; without it, whole words are found.
do $$
begin
  create extension if not exists pg_trgm;
exception when others then
  raise notice 'pg_trgm is not available: %', sqlerrm;
end
$$;
do $$
begin
  if exists (select from pg_extension where extname = 'pg_trgm') then
    create index request_logs_error on request_logs using gin (error gin_trgm_ops) where error is not null;
  else
    create index request_logs_error on request_logs using gin (to_tsvector('simple', error)) where error is not null;
  end if;
end
$$;

-- Sealed bodies of requests and answers: `content` opens only with the operator's secret. Partitions: days.
create table request_bodies (
  arrived_at timestamptz not null,
  id text not null,
  kind text not null check (kind in ('request', 'response')),
  -- Size of the whole body; `is_truncated` if only a part of it is here.
  size_bytes bigint not null,
  is_truncated boolean not null,
  content bytea not null,
  primary key (arrived_at, id, kind)
) partition by range (arrived_at);
create index request_bodies_id on request_bodies (id);

-- Sums of the requests of an hour and of a UTC day. A request counts once under `all`, once under each of its tags and once
-- under its session; `label` is the tag or the session. An absent part is ''.
create table usage_requests (
  period text not null check (period in ('hour', 'day')),
  starts_at timestamptz not null,
  dimension text not null check (dimension in ('all', 'tag', 'session')),
  label text not null,
  key_id text not null,
  team_id text not null,
  owner text not null,
  model text not null,
  upstream text not null,
  requests bigint not null,
  failed bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_micros bigint not null,
  primary key (period, dimension, starts_at, label, key_id, team_id, owner, model, upstream)
);
create index usage_requests_key on usage_requests (key_id, period, dimension, starts_at);
create index usage_requests_team on usage_requests (team_id, period, dimension, starts_at);
create index usage_requests_label on usage_requests (dimension, label, period, starts_at) where dimension <> 'all';

-- Sums of the attempts of an hour and of a UTC day.
create table usage_attempts (
  period text not null check (period in ('hour', 'day')),
  starts_at timestamptz not null,
  upstream text not null,
  model text not null,
  credential text not null,
  attempts bigint not null,
  failed bigint not null,
  fresh_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_tokens bigint not null,
  output_tokens bigint not null,
  reasoning_tokens bigint not null,
  cost_micros bigint not null,
  provider_cost_micros bigint not null,
  primary key (period, starts_at, upstream, model, credential)
);

-- Entries that could not be written, as they were in Redis: a fault of this version, not of the database.
create table skipped_entries (
  id bigint generated always as identity primary key,
  stream text not null,
  entry text not null,
  reason text not null,
  skipped_at timestamptz not null default now()
);
