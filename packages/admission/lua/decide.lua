-- Included by the scripts beside it, after `rates` and `hand-over`. Decides on one request and replies. Needs the locals
-- that `acquire-10` names, and `accounting`: nil, or the functions find_refusal, take and report.
local requests = read_rate(request_rate, rpm, rpm_burst, 1)
local allowance = read_rate(token_rate, tpm, tpm_burst, tokens)

local function reply(verdict, reason, retry_ms)
  local requests_left, requests_ms = show(requests)
  local tokens_left, tokens_ms = show(allowance)
  local all = { verdict, now, reason, retry_ms, requests_left, requests_ms, tokens_left, tokens_ms }
  if accounting then accounting.report(all) end
  return all
end

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
local function holds(leases, limit)
  if limit == 0 or redis.call('ZCARD', leases) < limit then return false end
  redis.call('ZREMRANGEBYSCORE', leases, '-inf', now)
  return redis.call('ZCARD', leases) >= limit
end

if here and here.read(request_id) then return reply('waiting', '', 0) end
if holds(key_leases, key_limit) then return refuse('concurrency', 1000) end
if requests.wait_ms ~= 0 then return refuse('requests', requests.wait_ms) end
if allowance.wait_ms ~= 0 then return refuse('tokens', allowance.wait_ms) end
if accounting then
  local reason, retry_ms = accounting.find_refusal(holds)
  if reason then return refuse(reason, retry_ms) end
end

local verdict = 'admitted'
if redis.call('ZCARD', fleet_leases) < fleet_limit and not holds(key_leases, share) then
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
spend(allowance)
if accounting then accounting.take() end
return reply(verdict, '', 0)
