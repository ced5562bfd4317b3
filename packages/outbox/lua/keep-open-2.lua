--[[
  Keeps the entries of calls that run, as they would read if their process died now, and removes those of calls that
  have ended. Repeating it changes nothing.

  KEYS[1]  open entries of one process: hash, id of the call → its entry
  KEYS[2]  processes with open entries: set
  ARGV[1]  id of the process    ARGV[2]  life of both keys (ms)   ARGV[3]  number of entries
  ARGV[4…] id and entry of each, then the ids of the calls that have ended
]]
local open, processes = KEYS[1], KEYS[2]
local process, life_ms, entries = ARGV[1], ARGV[2], tonumber(ARGV[3])

local ended_from = 4 + 2 * entries
for at = 4, ended_from - 2, 2 do redis.call('HSET', open, ARGV[at], ARGV[at + 1]) end
for at = ended_from, #ARGV do redis.call('HDEL', open, ARGV[at]) end

if redis.call('EXISTS', open) == 0 then
  redis.call('SREM', processes, process)
  return 0
end
redis.call('SADD', processes, process)
redis.call('PEXPIRE', open, life_ms)
redis.call('PEXPIRE', processes, life_ms)
return 1
