--[[
  Counts the running and the waiting requests and their longest wait. Expired leases that no sweep has removed yet do
  not count.

  KEYS[1]  leases of the fleet: zset, request id -> expiry (ms, Redis clock)
  KEYS[2]  waiting room: zset, all scores 0, `<key id> <arrival (µs, 16 digits)> <request id>`: one queue per key
  KEYS[3]  vouched waiters: zset, request id -> time until which its ingress vouches for it (ms)
  KEYS[4]  crowd: zset, key id -> number of its waiters
  Returns  {running, waiting, longest wait of the waiting requests (ms)}
]]
local leases, room, vouched, crowd = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local longest = 0
for _, key_id in ipairs(redis.call('ZRANGE', crowd, 0, -1)) do
  local first = redis.call('ZRANGEBYLEX', room, '[' .. key_id .. ' ', '(' .. key_id .. '!', 'LIMIT', 0, 1)[1]
  local arrival = first and string.match(first, '^%S+ (%d+) ')
  if arrival then longest = math.max(longest, now - math.floor(tonumber(arrival) / 1000)) end
end
local waiting = math.min(redis.call('ZCOUNT', vouched, '(' .. now, '+inf'), redis.call('ZCARD', room))
return { redis.call('ZCOUNT', leases, '(' .. now, '+inf'), waiting, longest }
