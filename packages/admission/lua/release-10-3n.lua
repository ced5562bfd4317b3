--[[
  Ends requests like `release-7-3n`, for those that `acquire-12` has accepted. In the same step it removes their open
  entries, gives their reservations back, charges their cost to the budgets, and adds their entries to the ledger. Safe to
  repeat: rates and budgets are corrected once, and the reader of the ledger keeps one entry of each request.
  A request that `settle-lost` has settled before is charged the difference; its entry is added all the same, because it
  is exact. A request whose open entry is gone otherwise has been settled by an earlier call, or Redis has lost data:
  nothing is charged.

  KEYS[1]  leases of the fleet: zset, request id -> expiry (ms, Redis clock)
  KEYS[2]  waiting room: zset, all scores 0, `<key id> <arrival (µs, 16 digits)> <request id>`: one queue per key
  KEYS[3]  vouched waiters: zset, request id -> time until which its ingress vouches for it (ms)
  KEYS[4]  waiters: hash, request id -> `<key id> <arrival> <cost> <share> <ingress id>`, or `-` after displacement
  KEYS[5]  turns: zset, key id -> tokens per weight at which its next waiter runs; lowest first
  KEYS[6]  crowd: zset, key id -> number of its waiters
  KEYS[7]  name prefix of the ingresses' admission mailboxes (streams with this hash tag); the ingress id follows
  KEYS[8]  open entries: hash, request id -> see `open-entry.lua`
  KEYS[9]  ledger: stream of entries of requests, for the database; field `e` is the JSON of one
  KEYS[10] name prefix of all admission keys; `rpm:team:<id>`, `tpm:team:<id>`, `spend:<owner>` or `lost:<request id>` follows
  KEYS[11] leases of the client key: zset, request id -> expiry (ms, Redis clock)
  KEYS[12] requests of the client key: theoretical arrival time of the GCRA (ms, Redis clock)
  KEYS[13] tokens of the client key: likewise; the last three again for each further request
  ARGV[1]  lease length (ms)                 ARGV[2]  fleet's limit
  ARGV[3]  request id; the last twelve again for each further request, at most 50, to bound the time in Redis
  ARGV[4]  requests per minute (0 none)      ARGV[5]  requests to add, negative gives back
  ARGV[6]  tokens per minute (0 none)        ARGV[7]  tokens to add, negative gives back
  ARGV[8]  key id                            ARGV[9]  tokens per weight to add to the key's turn; 0 if it did not wait
  ARGV[10] team id ('' none)                 ARGV[11] team's requests per minute (0 none)
  ARGV[12] team's tokens per minute (0 none) ARGV[13] cost (micro-dollars)
  ARGV[14] JSON of the ledger entry; '' adds none
  Returns  for each request, in the same order: 1 if it was known; 0 if it had ended or expired before, and no rate was
           corrected
]]
local fleet_leases, room, vouched, waiters, turns, crowd, mailbox_prefix =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local open_entries, ledger, prefix = KEYS[8], KEYS[9], KEYS[10]
local lease_ms, fleet_limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local common_keys, keys_each, common_args, args_each = 10, 3, 2, 12

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

--@include longest-debt

--@include hand-over

--@include end-request

--@include open-entry

--@include spend

-- Charges a request that the fleet has settled as lost with what is missing, or gives back what is too much.
local function correct_lost(request_id, cost)
  local key = prefix .. 'lost:' .. request_id
  local charged, day, owners = string.match(redis.call('GET', key) or '', '^(%d+) (%S+)(.*)$')
  if not charged then return end
  redis.call('DEL', key)
  charge_all(owners, day, cost - tonumber(charged), 0)
end

local function settle(request_id, cost)
  local text = redis.call('HGET', open_entries, request_id)
  if not text then return correct_lost(request_id, cost) end
  redis.call('HDEL', open_entries, request_id)
  local head = read_open_entry(text)
  charge_all(head.owners, head.day, cost, head.reserved)
end

local reply = {}
for at = 0, (#KEYS - common_keys) / keys_each - 1 do
  local args_at = common_args + at * args_each + 1
  local request_id, requests_delta, tokens_delta = ARGV[args_at], tonumber(ARGV[args_at + 2]), tonumber(ARGV[args_at + 4])
  local team_id, team_rpm, team_tpm, cost, entry = unpack(ARGV, args_at + 7, args_at + 11)
  local known = release(common_keys + at * keys_each + 1, args_at)
  if team_id ~= '' then
    redis.call('ZREM', fleet_leases .. ':team:' .. team_id, request_id)
    if known == 1 then
      correct(prefix .. 'rpm:team:' .. team_id, tonumber(team_rpm), requests_delta)
      correct(prefix .. 'tpm:team:' .. team_id, tonumber(team_tpm), tokens_delta)
    end
  end
  settle(request_id, tonumber(cost))
  if entry ~= '' then redis.call('XADD', ledger, '*', 'e', entry) end
  reply[at + 1] = known
end
redis.call('PEXPIRE', ledger, entries_live_ms)
hand_over()
return reply
