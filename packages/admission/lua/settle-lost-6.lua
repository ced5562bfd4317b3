--[[
  Settles requests that their ingress has left behind: those with an open entry, but with neither a lease nor a waiter
  that an ingress vouches for. Gives their reservations back, charges an estimate, and adds an entry with the outcome
  `lost` to the ledger. One that never ran is charged nothing. Looks at a part of the open entries in each call. Safe to
  repeat, and to run in several processes: a new pass within the pause after the beginning of another one ends at once.

  KEYS[1]  leases of the fleet: zset, request id -> expiry (ms, Redis clock)
  KEYS[2]  vouched waiters: zset, request id -> time until which its ingress vouches for it (ms)
  KEYS[3]  waiters: hash, request id -> `<key id> <arrival> <cost> <share> <ingress id>`, or `-` after displacement
  KEYS[4]  open entries: hash, request id -> see `open-entry.lua`
  KEYS[5]  ledger: stream of entries of requests, for the database; field `e` is the JSON of one
  KEYS[6]  name prefix of all admission keys; `room:unserved`, `spend:<owner>`, `lost:<request id>` or `settling` follows
  ARGV[1]  where to continue: '0', or the first value of the previous reply
  ARGV[2]  number of open entries to look at, about
  ARGV[3]  '1' to add entries to the ledger
  ARGV[4]  pause (ms, 0 none)
  Returns  {where to continue, '0' after the last part; number of requests settled}
]]
local fleet_leases, vouched, waiters, open_entries, ledger, prefix = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local cursor, count, is_recorded, pause_ms = ARGV[1], ARGV[2], ARGV[3] == '1', tonumber(ARGV[4])
-- Time (ms) in which its ingress may still correct the charge of a lost request.
local correctable_ms = 86400000

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

--@include open-entry

--@include spend

local function is_held(id)
  local expiry = redis.call('ZSCORE', fleet_leases, id) or redis.call('ZSCORE', vouched, id)
  return expiry and tonumber(expiry) > now
end

local function settle(id, text)
  local never_ran = redis.call('SREM', prefix .. 'room:unserved', id) == 1 or redis.call('HEXISTS', waiters, id) == 1
  local head, json = read_open_entry(text)
  local money = never_ran and 0 or head.charge_if_lost
  redis.call('HDEL', open_entries, id)
  charge_all(head.owners, head.day, money, head.reserved)
  if head.owners ~= '' then
    redis.call('SET', prefix .. 'lost:' .. id, whole(money) .. ' ' .. head.day .. head.owners, 'PX', correctable_ms)
  end
  if not is_recorded then return end
  local ending = string.format(
    ',"endedAt":%.0f,"outcome":"lost","status":500,"attempts":0,"inputTokens":%s,"outputTokens":0,"costMicros":%.0f,"estimated":true,"settledBy":"fleet"}',
    now, never_ran and '0' or head.prompt_tokens, money)
  redis.call('XADD', ledger, '*', 'e', string.sub(json, 1, -2) .. ending)
  redis.call('PEXPIRE', ledger, entries_live_ms)
end

if pause_ms > 0 and cursor == '0' and not redis.call('SET', prefix .. 'settling', '', 'NX', 'PX', pause_ms) then
  return { '0', 0 }
end
local found = redis.call('HSCAN', open_entries, cursor, 'COUNT', count)
local settled = 0
for at = 1, #found[2], 2 do
  local id, text = found[2][at], found[2][at + 1]
  if not is_held(id) then
    settle(id, text)
    settled = settled + 1
  end
end
return { found[1], settled }
