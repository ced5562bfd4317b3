--[[
  Raises what an owner of budgets has spent to the sums of the database, after Redis has lost it or for a new window.
  Never lowers a number: Redis knows of requests that the database has not got yet.

  KEYS[1]  spend of the owner: hash, see `open-entry.lua`
  ARGV[1]  day (UTC), as `2026-12-01`   ARGV[2]  sum of the day (micro-dollars)
  ARGV[3]  sum of its month             ARGV[4]  sum of all time
  Returns  what is spent afterwards: {day, month, in all}
]]
local key, day = KEYS[1], ARGV[1]
local sums = { ARGV[2], ARGV[3], ARGV[4] }

--@include open-entry

local fields = { day, string.sub(day, 1, 7), 'total' }
local stored = redis.call('HMGET', key, unpack(fields))
local spent = {}
for at, field in ipairs(fields) do
  spent[at] = math.max(tonumber(stored[at] or 0), tonumber(sums[at]))
  redis.call('HSET', key, field, whole(spent[at]))
end
begin_day(key, day)
return spent
