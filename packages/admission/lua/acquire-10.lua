--[[
  Decides whether a request runs at once, waits in the waiting room, or is refused. A refusal changes nothing. A
  repeated call with the same request id gives the same answer and consumes nothing more.
  Order of the checks: concurrency of the client key, its requests per minute, its tokens per minute, then the fleet's
  concurrency and the key's share of it. A waiter has paid its rates; for a key with its own concurrency limit it also
  counts against that limit.
  A full waiting room is shared equally among keys: a request of a key with fewer waiters displaces the newest waiter
  of the key with the most, unless the two keys would only swap their counts.

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

--@include longest-debt

-- Returns the rate now and after `amount` more, and the ms until the amount fits (0: now, -1: never).
local function read_rate(key, per_minute, burst, amount)
  if per_minute == 0 then return { wait_ms = 0 } end
  local interval = 60000 / per_minute
  local tolerance = interval * burst
  local stored = tonumber(redis.call('GET', key) or 0)
  local arrival = math.max(math.min(stored, now + math.max(tolerance, longest_debt_ms)), now)
  local after = arrival + interval * amount
  local wait_ms = 0
  if amount > burst then wait_ms = -1 elseif after - tolerance > now then wait_ms = math.ceil(after - tolerance - now) end
  return { key = key, interval = interval, tolerance = tolerance, arrival = arrival, after = after, wait_ms = wait_ms }
end

local function spend(rate)
  if not rate.key then return end
  rate.arrival = rate.after
  redis.call('SET', rate.key, string.format('%.4f', rate.after), 'PX', math.ceil(rate.after - now) + 1000)
end

-- Returns the unused part of a burst, and the ms until the whole burst is available again.
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

-- Displaces a waiter from a full room, if another key has at least two waiters more than this one.
local function displace(here)
  local largest = redis.call('ZREVRANGE', crowd, 0, 0, 'WITHSCORES')
  if not largest[1] then return false end
  local mine = tonumber(redis.call('ZSCORE', crowd, key_id) or 0)
  if mine + 1 >= tonumber(largest[2]) then return false end
  local newest = here.end_of_line('ZREVRANGEBYLEX', largest[1])
  if not newest then return false end
  here.leave_line(newest)
  redis.call('HSET', waiters, newest.id, '-')
  here.tell(newest.ingress, newest.id, 'displaced')
  return true
end

local function wait(here)
  -- A returning key keeps its own turn, or gets the lowest turn of the waiting keys if that is higher.
  if not redis.call('ZSCORE', crowd, key_id) then
    local lowest = tonumber(redis.call('ZRANGE', turns, 0, 0, 'WITHSCORES')[2] or 0)
    local own = tonumber(redis.call('ZSCORE', turns, key_id) or 0)
    redis.call('ZADD', turns, math.max(own, lowest), key_id)
  end
  local arrival = string.format('%016d', now_us)
  redis.call('ZADD', room, 0, key_id .. ' ' .. arrival .. ' ' .. request_id)
  redis.call('ZINCRBY', crowd, 1, key_id)
  redis.call('ZADD', vouched, now + lease_ms, request_id)
  redis.call('HSET', waiters, request_id, table.concat({ key_id, arrival, cost, share, ingress_id }, ' '))
  here.keep()
end

local here = hand_over()

-- A request that already runs is not refused when it asks again.
local function refuse(reason, retry_ms)
  if redis.call('ZSCORE', fleet_leases, request_id) then return reply('admitted', '', 0) end
  return reply('refused', reason, retry_ms)
end

-- Removes expired leases only when they decide the result.
local function holds(limit)
  if limit == 0 or redis.call('ZCARD', key_leases) < limit then return false end
  redis.call('ZREMRANGEBYSCORE', key_leases, '-inf', now)
  return redis.call('ZCARD', key_leases) >= limit
end

if here and here.read(request_id) then return reply('waiting', '', 0) end
if holds(key_limit) then return refuse('concurrency', 1000) end
if requests.wait_ms ~= 0 then return refuse('requests', requests.wait_ms) end
if budget.wait_ms ~= 0 then return refuse('tokens', budget.wait_ms) end

local verdict = 'admitted'
if redis.call('ZCARD', fleet_leases) < fleet_limit and not holds(share) then
  if not lease(fleet_leases, request_id) then return reply('admitted', '', 0) end
  if share > 0 then lease(key_leases, request_id) end
else
  if redis.call('ZSCORE', fleet_leases, request_id) then return reply('admitted', '', 0) end
  here = here or waiting_room()
  if redis.call('ZCARD', room) >= room_size and not displace(here) then return reply('refused', 'overloaded', 1000) end
  verdict = 'waiting'
  wait(here)
end
if key_limit > 0 then lease(key_leases, request_id) end
spend(requests)
spend(budget)
return reply(verdict, '', 0)
