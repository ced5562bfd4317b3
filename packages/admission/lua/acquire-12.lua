--[[
  Decides like `acquire-10`, for a request whose client key has a team or budgets, or that gets a ledger entry. In the
  same step it applies the limits of the team, reserves money in every budget, and writes the open entry. A refusal
  changes nothing. A repeated call with the same request id reserves nothing more.
  The limits of the team are checked after those of the key, and the budgets after both. A waiter counts against the
  team's concurrency.
  A budget holds if what is spent, what is reserved and the amount of this request stay within its limit. A request
  whose answer nothing bounds may also run alone: while no other amount of the key or team is reserved, and the limit is
  not reached. So such requests overspend by one of them at most, and the others never do.

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
  KEYS[11] open entries: hash, request id -> see `open-entry.lua`
  KEYS[12] name prefix of all admission keys; `rpm:team:<id>`, `tpm:team:<id>` or `spend:<owner>` follows
  ARGV[1]  request id           ARGV[2]  ingress id          ARGV[3]  lease length (ms)
  ARGV[4]  fleet's limit        ARGV[5]  capacity of the waiting room (waiters)
  ARGV[6]  key's limit (0 none) ARGV[7]  requests per minute (0 none)  ARGV[8]  burst of requests
  ARGV[9]  tokens per minute (0 none)    ARGV[10] burst of tokens      ARGV[11] tokens reserved by this request
  ARGV[12] key id               ARGV[13] running requests of this key beyond which its others wait (0 no limit)
  ARGV[14] cost of the request in turns: tokens per weight
  ARGV[15] JSON of the open entry, an object with one field or more and without `acceptedAt`
  ARGV[16] tokens of the prompt, estimated
  The others are absent for a request without a team and without budgets.
  ARGV[17] money to reserve (micro-dollars)    ARGV[18] '1' if something bounds the answer
  ARGV[19] money to charge if the request is lost
  ARGV[20] key's budget of a day (micro-dollars, -1 none)   ARGV[21] of a month   ARGV[22] in all
  ARGV[23] team id ('' none)
  ARGV[24] team's budget of a day              ARGV[25] of a month   ARGV[26] in all
  ARGV[27] team's limit (0 none)               ARGV[28] requests per minute (0 none)  ARGV[29] burst of requests
  ARGV[30] tokens per minute (0 none)          ARGV[31] burst of tokens
  Returns  {verdict, now (ms), reason, retry after (ms), requests left, ms until full, tokens left, ms until full,
           whose limit, budget, money left, team's requests left, ms until full, team's tokens left, ms until full}
           the first eight as `acquire-10`, and reason 'budget'
           whose limit '' | 'key' | 'team'; budget '' | 'day' | 'month' | 'total'; money left in micro-dollars
]]
local fleet_leases, key_leases = KEYS[1], KEYS[2]
local request_rate, token_rate = KEYS[3], KEYS[4]
local room, vouched, waiters, turns, crowd, mailbox_prefix = KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local open_entries, prefix = KEYS[11], KEYS[12]
local request_id, ingress_id, lease_ms = ARGV[1], ARGV[2], tonumber(ARGV[3])
local fleet_limit, room_size, key_limit = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local rpm, rpm_burst, tpm, tpm_burst = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local tokens = tonumber(ARGV[11])
local key_id, share, cost = ARGV[12], tonumber(ARGV[13]), ARGV[14]
local entry, prompt_tokens = ARGV[15], ARGV[16]
local amount, is_bounded, charge_if_lost = ARGV[17] or '0', ARGV[18] == '1', ARGV[19] or '0'
local key_budgets = { ARGV[20], ARGV[21], ARGV[22] }
local team_id = ARGV[23] or ''
local team_budgets = { ARGV[24], ARGV[25], ARGV[26] }
local team_limit, team_rpm, team_rpm_burst = tonumber(ARGV[27] or 0), tonumber(ARGV[28] or 0), tonumber(ARGV[29] or 0)
local team_tpm, team_tpm_burst = tonumber(ARGV[30] or 0), tonumber(ARGV[31] or 0)

local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now = math.floor(now_us / 1000)

--@include longest-debt

--@include rates

--@include hand-over

--@include open-entry

--@include accounting

--@include decide
