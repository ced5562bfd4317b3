--[[
  Ends a request, running or waiting: removes its leases or its entry in the waiting room, corrects its rates, and
  hands the freed lease to the next waiter. Safe to repeat; the corrections count once.

  KEYS[1]  leases of the fleet: zset, request id -> expiry (ms, Redis clock)
  KEYS[2]  leases of the client key: likewise
  KEYS[3]  requests of the client key: theoretical arrival time of the GCRA (ms, Redis clock)
  KEYS[4]  tokens of the client key: likewise
  KEYS[5]  waiting room: zset, all scores 0, `<key id> <arrival (µs, 16 digits)> <request id>`: one queue per key
  KEYS[6]  vouched waiters: zset, request id -> time until which its ingress vouches for it (ms)
  KEYS[7]  waiters: hash, request id -> `<key id> <arrival> <cost> <share> <ingress id>`, or `-` after displacement
  KEYS[8]  turns: zset, key id -> tokens per weight at which its next waiter runs; lowest first
  KEYS[9]  crowd: zset, key id -> number of its waiters
  KEYS[10] name prefix of the ingresses' admission mailboxes (streams with this hash tag); the ingress id follows
  ARGV[1]  request id                        ARGV[2]  lease length (ms)     ARGV[3]  fleet's limit
  ARGV[4]  requests per minute (0 none)      ARGV[5]  requests to add, negative gives back
  ARGV[6]  tokens per minute (0 none)        ARGV[7]  tokens to add, negative gives back
  ARGV[8]  key id                            ARGV[9]  tokens per weight to add to the key's turn; 0 if it did not wait
  Returns  1 if the request was known; 0 if it had ended or expired before, and nothing was corrected
]]
local fleet_leases, key_leases, request_rate, token_rate = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local room, vouched, waiters, turns, crowd, mailbox_prefix = KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local request_id, lease_ms, fleet_limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local rpm, requests_delta, tpm, tokens_delta = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local key_id, turn_delta = ARGV[8], tonumber(ARGV[9])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

--@include longest-debt

local function correct(key, per_minute, delta)
  -- `delta ~= delta` is true for NaN.
  if per_minute == 0 or delta == 0 or delta ~= delta then return end
  local before = math.max(tonumber(redis.call('GET', key) or 0), now)
  local arrival = math.min(before + 60000 / per_minute * delta, math.max(before, now + longest_debt_ms))
  if arrival <= now then
    redis.call('DEL', key)
  else
    redis.call('SET', key, string.format('%.4f', arrival), 'PX', math.ceil(arrival - now) + 1000)
  end
end

-- Charges the key's turn for the tokens it used in the end; the turn stays at or above the lowest turn.
local function correct_turn()
  if turn_delta ~= turn_delta then return end
  local turn = redis.call('ZSCORE', turns, key_id)
  if not turn then return end
  local lowest = tonumber(redis.call('ZRANGE', turns, 0, 0, 'WITHSCORES')[2])
  redis.call('ZADD', turns, math.max(tonumber(turn) + turn_delta, lowest), key_id)
end

--@include hand-over

local ran = redis.call('ZREM', fleet_leases, request_id) == 1
local known = ran or waiting_room().leave(request_id) == 1
redis.call('ZREM', key_leases, request_id)
if known then
  correct(request_rate, rpm, requests_delta)
  correct(token_rate, tpm, tokens_delta)
end
if ran and turn_delta ~= 0 then correct_turn() end
hand_over()
return known and 1 or 0
