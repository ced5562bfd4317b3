--[[
  Decides whether a request may run: at once, later (in the waiting room), or not at all. All or nothing: a refusal
  changes nothing. Asking twice with the same request id gives the same answer and takes nothing more.
  The order of the checks: the client key's own concurrency, its requests and its tokens per minute, then the fleet's
  concurrency. A request that waits already holds its place among the key's own and has paid its rates.

  KEYS[1]  leases of the fleet: zset, request id -> expiry (ms, Redis clock)
  KEYS[2]  leases of the client key: likewise; waiters included
  KEYS[3]  requests of the client key: theoretical arrival time of the GCRA (ms, Redis clock)
  KEYS[4]  tokens of the client key: likewise
  KEYS[5]  waiting room: zset, request id -> arrival (µs, Redis clock)
  KEYS[6]  vouched waiters: zset, request id -> time until which its ingress vouches for it (ms)
  KEYS[7]  waiters: hash, request id -> ingress id
  KEYS[8]  start of the names of the ingresses' admission mailboxes (streams in this slot); the ingress id follows
  ARGV[1]  request id           ARGV[2]  ingress id          ARGV[3]  lease length (ms)
  ARGV[4]  fleet's limit        ARGV[5]  places in the waiting room
  ARGV[6]  key's limit (0 none) ARGV[7]  requests per minute (0 none)  ARGV[8]  burst of requests
  ARGV[9]  tokens per minute (0 none)    ARGV[10] burst of tokens      ARGV[11] tokens reserved by this request
  Returns  {verdict, now (ms), reason, retry after (ms), requests left, ms until full, tokens left, ms until full}
           verdict 'admitted' | 'waiting' | 'refused'; reason '' | 'concurrency' | 'requests' | 'tokens' | 'overloaded'
           retry after is -1 where no waiting helps: the request alone is larger than the burst
]]
local fleet_leases, key_leases = KEYS[1], KEYS[2]
local request_rate, token_rate = KEYS[3], KEYS[4]
local waiting, vouched, waiters, mailbox_prefix = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local request_id, ingress_id, lease_ms = ARGV[1], ARGV[2], tonumber(ARGV[3])
local fleet_limit, places, key_limit = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local rpm, rpm_burst, tpm, tpm_burst = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local tokens = tonumber(ARGV[11])

local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now = math.floor(now_us / 1000)

-- A rate as it is, and as it would be after `cost` more; with ms until the cost fits (0: now, -1: never).
local function read_rate(key, per_minute, burst, cost)
  if per_minute == 0 then return { wait_ms = 0 } end
  local interval = 60000 / per_minute
  local arrival = math.max(tonumber(redis.call('GET', key) or 0), now)
  local after, tolerance = arrival + interval * cost, interval * burst
  local wait_ms = 0
  if cost > burst then wait_ms = -1 elseif after - tolerance > now then wait_ms = math.ceil(after - tolerance - now) end
  return { key = key, interval = interval, tolerance = tolerance, arrival = arrival, after = after, wait_ms = wait_ms }
end

local function spend(rate)
  if not rate.key then return end
  rate.arrival = rate.after
  redis.call('SET', rate.key, string.format('%.4f', rate.after), 'PX', math.ceil(rate.after - now) + 1000)
end

-- What is left of a burst, and ms until it is full again.
local function show(rate)
  if not rate.key then return -1, 0 end
  local debt = rate.arrival - now
  return math.max(0, math.floor((rate.tolerance - debt) / rate.interval + 1e-6)), math.ceil(debt)
end

local requests = read_rate(request_rate, rpm, rpm_burst, 1)
local budget = read_rate(token_rate, tpm, tpm_burst, tokens)

local function reply(verdict, reason, retry_ms)
  local requests_left, requests_ms = show(requests)
  local tokens_left, tokens_ms = show(budget)
  return { verdict, now, reason, retry_ms, requests_left, requests_ms, tokens_left, tokens_ms }
end

--@include hand-over

hand_over()

if redis.call('ZSCORE', fleet_leases, request_id) then return reply('admitted', '', 0) end
if redis.call('ZSCORE', waiting, request_id) then return reply('waiting', '', 0) end

if key_limit > 0 then
  redis.call('ZREMRANGEBYSCORE', key_leases, '-inf', now)
  if redis.call('ZCARD', key_leases) >= key_limit then return reply('refused', 'concurrency', 1000) end
end
if requests.wait_ms ~= 0 then return reply('refused', 'requests', requests.wait_ms) end
if budget.wait_ms ~= 0 then return reply('refused', 'tokens', budget.wait_ms) end

local verdict = 'admitted'
if redis.call('ZCARD', fleet_leases) >= fleet_limit then
  if redis.call('ZCARD', waiting) >= places then return reply('refused', 'overloaded', 1000) end
  verdict = 'waiting'
  redis.call('ZADD', waiting, now_us, request_id)
  redis.call('ZADD', vouched, now + lease_ms, request_id)
  redis.call('HSET', waiters, request_id, ingress_id)
  for _, key in ipairs({ waiting, vouched, waiters }) do redis.call('PEXPIRE', key, lease_ms * 2) end
else
  lease(fleet_leases, request_id)
end
if key_limit > 0 then lease(key_leases, request_id) end
spend(requests)
spend(budget)
return reply(verdict, '', 0)
