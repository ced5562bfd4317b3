--[[
  Renews some requests of one client key and team, running and waiting, and removes what crashed ingresses left behind.
  A request with neither a lease nor a waiter (its lease expired, or Redis lost data) gets a lease if one is free.

  KEYS[1]  leases of the fleet: zset, request id -> expiry (ms, Redis clock)
  KEYS[2]  leases of the client key: likewise
  KEYS[3]  waiting room: zset, all scores 0, `<key id> <arrival (µs, 16 digits)> <request id>`: one queue per key
  KEYS[4]  vouched waiters: zset, request id -> time until which its ingress vouches for it (ms)
  KEYS[5]  waiters: hash, request id -> `<key id> <arrival> <cost> <share> <ingress id>`, or `-` after displacement
  KEYS[6]  turns: zset, key id -> tokens per weight at which its next waiter runs; lowest first
  KEYS[7]  crowd: zset, key id -> number of its waiters
  KEYS[8]  name prefix of the ingresses' admission mailboxes (streams with this hash tag); the ingress id follows
  ARGV[1]  lease length (ms)   ARGV[2]  fleet's limit
  ARGV[3]  requests that hold a lease of the client key: 'none' | 'running' | 'all' (waiters too)
  ARGV[4]  team whose lease they hold ('' none), waiters too; its leases are `<leases of the fleet>:team:<team id>`
  ARGV[5…] request ids; at most 50, to bound the time in Redis
  Returns  for each id, in the same order: 'running' | 'waiting' | 'displaced' | 'lost'
]]
local fleet_leases, key_leases, room, vouched, waiters, turns, crowd, mailbox_prefix =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local lease_ms, fleet_limit, key_leased, team_id = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

--@include hand-over

local function run(id)
  lease(fleet_leases, id)
  if key_leased == 'running' then lease(key_leases, id) end
  return 'running'
end

-- Renewal comes before the sweep: a late renewal keeps a lease that has not been swept yet.
local here = waiting_room()
local states = {}
local does_any_wait = false
for at = 5, #ARGV do
  local id = ARGV[at]
  if redis.call('ZSCORE', fleet_leases, id) then
    states[id] = run(id)
  elseif here.read(id) then
    redis.call('ZADD', vouched, now + lease_ms, id)
    does_any_wait = true
    states[id] = 'waiting'
  elseif redis.call('HEXISTS', waiters, id) == 1 then
    states[id] = 'displaced'
  end
  if key_leased == 'all' then lease(key_leases, id) end
  if team_id ~= '' then lease(fleet_leases .. ':team:' .. team_id, id) end
end
if does_any_wait then here.keep() end

hand_over()

local reply = {}
for at = 5, #ARGV do
  local id = ARGV[at]
  if not states[id] and redis.call('ZCARD', fleet_leases) < fleet_limit then states[id] = run(id) end
  reply[#reply + 1] = states[id] or 'lost'
end
return reply
