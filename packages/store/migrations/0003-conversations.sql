-- Conversations of client keys, and their items in the form of OpenAI's Conversations API.
create table conversations (
  id text primary key,
  -- Owner: no other key sees it.
  key_id text not null,
  -- Person whom the client names.
  user_id text,
  title text,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  item_count integer not null default 0,
  item_bytes bigint not null default 0
);
create index conversations_user on conversations (key_id, user_id, updated_at desc, id);

create table conversation_items (
  conversation_id text not null references conversations on delete cascade,
  seq bigint generated always as identity,
  id text not null,
  item jsonb not null,
  bytes integer not null,
  created_at timestamptz not null default now(),
  primary key (conversation_id, seq)
);
create unique index conversation_items_id on conversation_items (conversation_id, id);
