-- Included by the scripts beside it. Needs the locals: now, lease_ms, fleet_limit, fleet_leases, waiting, vouched,
-- waiters, mailbox_prefix. The mailbox written to is named by KEYS and the waiter found; it lies in the same slot.
local function lease(key, id)
  redis.call('ZADD', key, now + lease_ms, id)
  redis.call('PEXPIRE', key, lease_ms * 2)
end

local function leave(id)
  redis.call('ZREM', vouched, id)
  redis.call('HDEL', waiters, id)
end

-- Frees what crashed ingresses held, then gives free leases to those who wait, first come first served, and tells
-- their ingress in the same step.
local function hand_over()
  redis.call('ZREMRANGEBYSCORE', fleet_leases, '-inf', now)
  if redis.call('EXISTS', waiting) == 0 then return end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', vouched, '-inf', now)) do
    redis.call('ZREM', waiting, id)
    leave(id)
  end
  while redis.call('ZCARD', fleet_leases) < fleet_limit do
    local first = redis.call('ZPOPMIN', waiting)
    if #first == 0 then return end
    local id = first[1]
    local ingress = redis.call('HGET', waiters, id)
    leave(id)
    -- No mailbox, no ingress: its clients are gone, and the lease goes to the next.
    if ingress and redis.call('XADD', mailbox_prefix .. ingress, 'NOMKSTREAM', '*', 'f', id .. ' 0 0 admitted 0\n') then
      lease(fleet_leases, id)
    end
  end
end
