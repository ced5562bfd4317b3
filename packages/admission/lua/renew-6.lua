--[[
  Vouches for some requests of one client key, running and waiting alike, and sweeps up what others left behind.
  A request that is in neither place (its lease ran out, or Redis lost its data) gets a lease again if one is free.

  KEYS[1]  leases of the fleet: zset, request id -> expiry (ms, Redis clock)
  KEYS[2]  leases of the client key: likewise
  KEYS[3]  waiting room: zset, request id -> arrival (µs, Redis clock)
  KEYS[4]  vouched waiters: zset, request id -> time until which its ingress vouches for it (ms)
  KEYS[5]  waiters: hash, request id -> ingress id
  KEYS[6]  start of the names of the ingresses' admission mailboxes (streams in this slot); the ingress id follows
  ARGV[1]  lease length (ms)   ARGV[2]  fleet's limit   ARGV[3]  1 if the client key has a limit of its own, else 0
  ARGV[4…] request ids; at most 50, so that Redis is not held up
  Returns  for each id in turn: 'running' | 'waiting' | 'lost'
]]
local fleet_leases, key_leases, waiting, vouched, waiters, mailbox_prefix =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local lease_ms, fleet_limit, has_key_limit = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

--@include hand-over

-- Before the sweep: a renewal that comes late but finds its lease still there keeps it.
local states = {}
for at = 4, #ARGV do
  local id = ARGV[at]
  if redis.call('ZSCORE', fleet_leases, id) then
    lease(fleet_leases, id)
    states[id] = 'running'
  elseif redis.call('ZSCORE', waiting, id) then
    redis.call('ZADD', vouched, now + lease_ms, id)
    for _, key in ipairs({ waiting, vouched, waiters }) do redis.call('PEXPIRE', key, lease_ms * 2) end
    states[id] = 'waiting'
  end
  if has_key_limit then lease(key_leases, id) end
end

hand_over()

local reply = {}
for at = 4, #ARGV do
  local id = ARGV[at]
  if not states[id] and redis.call('ZCARD', fleet_leases) < fleet_limit then
    lease(fleet_leases, id)
    states[id] = 'running'
  end
  reply[#reply + 1] = states[id] or 'lost'
end
return reply
