--[[
  Moves the open entries of a process that has died to the outbox. A process that lives after all keeps its calls anew,
  and its own entries replace these by their rank.

  KEYS[1]  open entries of the process: hash, id of the call → its entry
  KEYS[2]  processes with open entries: set
  KEYS[3]  outbox: stream of JSON arrays
  ARGV[1]  id of the process   ARGV[2]  life of the outbox (ms)   ARGV[3]  most entries of a batch
  Returns  number of moved entries
]]
local open, processes, outbox = KEYS[1], KEYS[2], KEYS[3]
local process, outbox_life_ms, most = ARGV[1], ARGV[2], tonumber(ARGV[3])

local kept, entries = redis.call('HGETALL', open), {}
for at = 2, #kept, 2 do entries[#entries + 1] = kept[at] end
for from = 1, #entries, most do
  local batch = table.concat(entries, ',', from, math.min(#entries, from + most - 1))
  redis.call('XADD', outbox, '*', 'e', '[' .. batch .. ']')
end
redis.call('DEL', open)
redis.call('SREM', processes, process)
if #entries > 0 then redis.call('PEXPIRE', outbox, outbox_life_ms) end
return #entries
