--[[
  Rests a credential. A longer rest that it already has stays.

  KEYS[1]  rests of the upstream's credentials: hash, credential id -> end (ms, Redis clock), with a '!' behind it when
           the provider refused the credential
  ARGV[1]  credential id   ARGV[2]  rest (ms)   ARGV[3]  '!' when the provider refused it, else ''
  Returns  ms until this credential may be used again
]]
local rests, credential, rest_ms, refused = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local before = tonumber(string.match(redis.call('HGET', rests, credential) or '0', '^%d+'))
if before >= now + rest_ms then return before - now end
redis.call('HSET', rests, credential, string.format('%.0f%s', now + rest_ms, refused))
if redis.call('PTTL', rests) < rest_ms then redis.call('PEXPIRE', rests, rest_ms + 1000) end
return rest_ms
