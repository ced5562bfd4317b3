-- Client keys and teams. Of a secret only its SHA-256 is here.
-- Each change takes the next revision from key_registry, whose row is locked until the commit: so revisions are in the order
-- of the commits, and whoever has read up to one of them has missed nothing.

-- One row.
create table key_registry (
  is_only boolean primary key default true check (is_only),
  -- Tells this database from another one that was put in its place.
  database uuid not null default gen_random_uuid(),
  revision bigint not null default 0
);
insert into key_registry default values;

create table teams (
  id text primary key,
  name text not null,
  models text[] not null,
  limits jsonb not null,
  -- Micro-dollars by window.
  budgets jsonb not null,
  created_at timestamptz not null default date_trunc('milliseconds', now()),
  -- The row stays, so that the removal reaches every replica.
  removed_at timestamptz,
  revision bigint not null
);
create index teams_revision on teams (revision);
create index teams_page on teams (created_at, id);

create table client_keys (
  id text primary key,
  name text not null,
  admin boolean not null,
  models text[] not null,
  limits jsonb not null,
  budgets jsonb not null,
  weight double precision not null,
  -- A team of this database or of a configuration file.
  team_id text,
  owner text,
  tags text[] not null,
  allowed_addresses text[] not null,
  may_log_bodies boolean not null,
  expires_at timestamptz,
  created_at timestamptz not null default date_trunc('milliseconds', now()),
  -- Id of the key that created it; absent for the first admin key.
  created_by text,
  revoked_at timestamptz,
  ends_streams boolean not null default false,
  revision bigint not null
);
create index client_keys_revision on client_keys (revision);
create index client_keys_page on client_keys (created_at, id);
create index client_keys_team on client_keys (team_id) where team_id is not null;

create table key_secrets (
  -- SHA-256, 64 hex digits.
  digest text primary key check (length(digest) = 64),
  key_id text not null references client_keys on delete cascade,
  hint text not null,
  created_at timestamptz not null default date_trunc('milliseconds', now()),
  expires_at timestamptz
);
create index key_secrets_key on key_secrets (key_id);
