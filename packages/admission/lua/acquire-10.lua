--[[
  Decides whether a request runs at once, waits in the waiting room, or is refused. A refusal changes nothing. A
  repeated call with the same request id gives the same answer and consumes nothing more.
  Order of the checks: concurrency of the client key, its requests per minute, its tokens per minute, then the fleet's
  concurrency and the key's share of it. A waiter has paid its rates; for a key with its own concurrency limit it also
  counts against that limit.
  A full waiting room is shared equally among keys: a request of a key with fewer waiters displaces the newest waiter
  of the key with the most, unless the two keys would only swap their counts.
  For requests without a team, a budget and a ledger entry; `acquire-12` decides on the others.

  KEYS[1]  leases of the fleet: zset, request id -> expiry (ms, Redis clock)
  KEYS[2]  leases of the client key: likewise; includes waiters if the key has its own concurrency limit
  KEYS[3]  requests of the client key: theoretical arrival time of the GCRA (ms, Redis clock)
  KEYS[4]  tokens of the client key: likewise
  KEYS[5]  waiting room: zset, all scores 0, `<key id> <arrival (µs, 16 digits)> <request id>`: one queue per key
  KEYS[6]  vouched waiters: zset, request id -> time until which its ingress vouches for it (ms)
  KEYS[7]  waiters: hash, request id -> `<key id> <arrival> <cost> <share> <ingress id>`, or `-` after displacement
  KEYS[8]  turns: zset, key id -> tokens per weight at which its next waiter runs; lowest first
  KEYS[9]  crowd: zset, key id -> number of its waiters
  KEYS[10] name prefix of the ingresses' admission mailboxes (streams with this hash tag); the ingress id follows
  ARGV[1]  request id           ARGV[2]  ingress id          ARGV[3]  lease length (ms)
  ARGV[4]  fleet's limit        ARGV[5]  capacity of the waiting room (waiters)
  ARGV[6]  key's limit (0 none) ARGV[7]  requests per minute (0 none)  ARGV[8]  burst of requests
  ARGV[9]  tokens per minute (0 none)    ARGV[10] burst of tokens      ARGV[11] tokens reserved by this request
  ARGV[12] key id               ARGV[13] running requests of this key beyond which its others wait (0 no limit)
  ARGV[14] cost of the request in turns: tokens per weight
  Returns  {verdict, now (ms), reason, retry after (ms), requests left, ms until full, tokens left, ms until full}
           verdict 'admitted' | 'waiting' | 'refused'; reason '' | 'concurrency' | 'requests' | 'tokens' | 'overloaded'
           retry after is -1 when waiting cannot help: the request alone is larger than the burst
]]
local fleet_leases, key_leases = KEYS[1], KEYS[2]
local request_rate, token_rate = KEYS[3], KEYS[4]
local room, vouched, waiters, turns, crowd, mailbox_prefix = KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local request_id, ingress_id, lease_ms = ARGV[1], ARGV[2], tonumber(ARGV[3])
local fleet_limit, room_size, key_limit = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local rpm, rpm_burst, tpm, tpm_burst = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local tokens = tonumber(ARGV[11])
local key_id, share, cost = ARGV[12], tonumber(ARGV[13]), ARGV[14]

local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now = math.floor(now_us / 1000)
local accounting -- nil: no team, no budget, no ledger entry

--@include longest-debt

--@include rates

--@include hand-over

--@include decide
