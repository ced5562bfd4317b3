-- Responses of OpenAI's Responses API, each with the items that its request added.
create table responses (
  id text primary key,
  -- Owner: no other key sees it.
  key_id text not null,
  -- The response before it, whose items come first in the next request.
  previous_id text,
  input jsonb not null,
  response jsonb not null,
  bytes integer not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index responses_key on responses (key_id);
create index responses_expiry on responses (expires_at);
