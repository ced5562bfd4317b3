--[[
  Adds events to an answer. Only its owner may, and only while it runs: so no gap and no second ending can arise.

  KEYS[1]  answer: hash as in open-answer-2.lua
  KEYS[2]  its events: stream as there
  ARGV[1]  owner   ARGV[2]  time to live (ms)   ARGV[3]  head of the answer (JSON), or ''
  ARGV[4]  number of the last event   ARGV[5]  text, or ''   ARGV[6]  state: running | ended | failed
  Returns  1; 0 if the answer belongs to another owner, is over, or is gone
]]
local answer, events = KEYS[1], KEYS[2]
local owner, keep_ms, head, last, text, state = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]

local known = redis.call('HMGET', answer, 'owner', 'state')
if known[1] ~= owner or known[2] ~= 'running' then return 0 end
if head ~= '' then redis.call('HSET', answer, 'head', head) end
if text ~= '' then redis.call('XADD', events, '*', 'n', last, 't', text) end
if state ~= 'running' then redis.call('HSET', answer, 'state', state) end
redis.call('PEXPIRE', answer, keep_ms)
redis.call('PEXPIRE', events, keep_ms)
return 1
