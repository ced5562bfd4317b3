--[[
  Ends a request, wherever it stands: frees its leases or its place in the waiting room, corrects its rates, and hands
  what came free to the next waiter. Safe to repeat but for the correction of the rates, which counts once.

  KEYS[1]  leases of the fleet: zset, request id -> expiry (ms, Redis clock)
  KEYS[2]  leases of the client key: likewise
  KEYS[3]  requests of the client key: theoretical arrival time of the GCRA (ms, Redis clock)
  KEYS[4]  tokens of the client key: likewise
  KEYS[5]  waiting room: zset, request id -> arrival (µs, Redis clock)
  KEYS[6]  vouched waiters: zset, request id -> time until which its ingress vouches for it (ms)
  KEYS[7]  waiters: hash, request id -> ingress id
  KEYS[8]  start of the names of the ingresses' admission mailboxes (streams in this slot); the ingress id follows
  ARGV[1]  request id                        ARGV[2]  lease length (ms)     ARGV[3]  fleet's limit
  ARGV[4]  requests per minute (0 none)      ARGV[5]  requests to add, negative to give back
  ARGV[6]  tokens per minute (0 none)        ARGV[7]  tokens to add, negative to give back
  Returns  1 when the request was known, 0 when it had ended or expired before; then nothing is corrected
]]
local fleet_leases, key_leases, request_rate, token_rate = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local waiting, vouched, waiters, mailbox_prefix = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local request_id, lease_ms, fleet_limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local rpm, requests_delta, tpm, tokens_delta = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function correct(key, per_minute, delta)
  if per_minute == 0 or delta == 0 then return end
  local arrival = math.max(tonumber(redis.call('GET', key) or 0), now) + 60000 / per_minute * delta
  if arrival <= now then
    redis.call('DEL', key)
  else
    redis.call('SET', key, string.format('%.4f', arrival), 'PX', math.ceil(arrival - now) + 1000)
  end
end

--@include hand-over

local known = redis.call('ZREM', fleet_leases, request_id) + redis.call('ZREM', waiting, request_id)
leave(request_id)
redis.call('ZREM', key_leases, request_id)
if known > 0 then
  correct(request_rate, rpm, requests_delta)
  correct(token_rate, tpm, tokens_delta)
end
hand_over()
return known > 0 and 1 or 0
