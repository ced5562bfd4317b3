--[[
  Decides what to do about a credential's access token: use it, renew it, wait for its renewer, or fail like the last
  renewal. The caller that must renew holds the lease, alone in the fleet, until it stores, fails, or the lease ends.

  KEYS[1]  token: hash: version, sealed, renew_at, expires_at (ms, Redis clock; 0: unknown), refused (1: the provider no
           longer accepts it), holder, held_until (ms), failure, failed_until (ms)
  ARGV[1]  caller: unique for each call   ARGV[2]  lease length (ms)
  ARGV[3]  version that the caller can't use, or ''
  Returns  {verdict, now (ms), version or '', sealed or '', ms}
           'token'     use it
           'renew'     renew it; the caller has the lease
           'ahead'     renew it; the caller has the lease, and the current token stays usable meanwhile
           'wait'      another caller renews it; its lease ends in ms
           'failed'    sealed is the failure of the last renewal; the next one is allowed in ms
]]
local token = KEYS[1]
local asker, lease_ms, unusable = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local fields = redis.call('HMGET', token, 'version', 'sealed', 'renew_at', 'expires_at', 'refused', 'held_until',
  'failure', 'failed_until')
local version, sealed = fields[1] or '', fields[2] or ''
local renew_at, expires_at = tonumber(fields[3]) or 0, tonumber(fields[4]) or 0
local held_until, failed_until = tonumber(fields[6]) or 0, tonumber(fields[8]) or 0
local is_usable = sealed ~= '' and not fields[5] and version ~= unusable and (expires_at == 0 or now < expires_at)

if is_usable and (now < renew_at or now < held_until or now < failed_until) then
  return { 'token', now, version, sealed, 0 }
end
if now < held_until then return { 'wait', now, version, '', held_until - now } end
if now < failed_until then return { 'failed', now, version, fields[7] or '', failed_until - now } end

redis.call('HSET', token, 'holder', asker, 'held_until', now + lease_ms)
if redis.call('PTTL', token) < lease_ms then redis.call('PEXPIRE', token, lease_ms) end
return { is_usable and 'ahead' or 'renew', now, version, sealed, 0 }
