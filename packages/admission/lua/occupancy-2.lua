--[[
  How many requests run and wait. Leases that ran out count no more, though nobody has swept them up yet.

  KEYS[1]  leases of the fleet: zset, request id -> expiry (ms, Redis clock)
  KEYS[2]  vouched waiters: zset, request id -> time until which its ingress vouches for it (ms)
  Returns  {running, waiting}
]]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return { redis.call('ZCOUNT', KEYS[1], '(' .. now, '+inf'), redis.call('ZCOUNT', KEYS[2], '(' .. now, '+inf') }
