--[[
  Opens an answer under its id, or reports the one that is there. An answer whose owner is gone, or that has failed, is
  opened anew for the same request.

  KEYS[1]  answer: hash `digest`, `owner`, `state` (running | ended | failed), `head`
  KEYS[2]  its events: stream, `n` = number of the last event of an entry, `t` = text
  ARGV[1]  digest of the request   ARGV[2]  owner   ARGV[3]  time to live (ms)
  ARGV[4]  owner that is gone, or ''
  Returns  {1} opened   {0, digest, owner, state} another request has opened it
]]
local answer, events = KEYS[1], KEYS[2]
local digest, owner, keep_ms, gone = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local known = redis.call('HMGET', answer, 'digest', 'owner', 'state')
if known[1] then
  local is_over = known[3] == 'failed' or (known[3] == 'running' and known[2] == gone)
  if known[1] ~= digest or not is_over then return {0, known[1], known[2], known[3]} end
  redis.call('DEL', answer, events)
end
redis.call('HSET', answer, 'digest', digest, 'owner', owner, 'state', 'running')
redis.call('PEXPIRE', answer, keep_ms)
return {1}
