--[[
  Drops an answer that has no event, so that the same request can be sent again.

  KEYS[1]  answer: hash as in open-answer-2.lua
  KEYS[2]  its events: stream as there
  ARGV[1]  owner
  Returns  1 dropped; 0 if the answer belongs to another owner or is gone
]]
local answer, events = KEYS[1], KEYS[2]
local owner = ARGV[1]

if redis.call('HGET', answer, 'owner') ~= owner then return 0 end
redis.call('DEL', answer, events)
return 1
