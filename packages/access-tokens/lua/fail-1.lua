--[[
  Ends a lease without a new access token, and blocks renewals for a time. If the provider replaced a used-up renewal,
  stores the replacement; the token itself stays unusable if it was. If Redis has lost the token, stores the
  replacement as a new, unusable token.

  KEYS[1]  token: hash as in consult-1.lua
  ARGV[1]  holder of the lease             ARGV[2]  failure, sealed     ARGV[3]  time without renewals (ms)
  ARGV[4]  version that the renewal began with, or ''
  ARGV[5]  token with its next renewal, sealed, or ''           ARGV[6]  its version, if there was no token
  ARGV[7]  time until which to keep it (ms)
  Returns  1 if the holder still had the lease, else 0
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
