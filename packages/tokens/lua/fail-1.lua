--[[
  Ends a lease without a new token, and lets nobody try again for a while. What the provider has given in place of a
  renewal that is used up is kept, though the token itself stays as unusable as it was. Where Redis has lost the token,
  that is kept as if there had been none.

  KEYS[1]  token: hash as in consult-1.lua
  ARGV[1]  holder of the lease             ARGV[2]  why, sealed     ARGV[3]  how long nobody tries again (ms)
  ARGV[4]  version that it began with, or ''
  ARGV[5]  the token with its next renewal, sealed, or ''           ARGV[6]  version for it, if there was none
  ARGV[7]  until when to keep that (ms)
  Returns  1 when the lease was still the holder's, else 0
]]
local token = KEYS[1]
local holder, failure, cooldown_ms = ARGV[1], ARGV[2], tonumber(ARGV[3])
local began_with, kept, new_version, keep_until = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local current = redis.call('HGET', token, 'version')
if kept ~= '' and (not current or current == began_with) then
  redis.call('HSET', token, 'sealed', kept)
  if not current then redis.call('HSET', token, 'version', new_version, 'refused', '1') end
  redis.call('PEXPIREAT', token, keep_until)
end
if redis.call('HGET', token, 'holder') ~= holder then return 0 end
redis.call('HDEL', token, 'holder', 'held_until')
redis.call('HSET', token, 'failure', failure, 'failed_until', now + cooldown_ms)
if redis.call('PTTL', token) < cooldown_ms then redis.call('PEXPIRE', token, cooldown_ms) end
return 1
