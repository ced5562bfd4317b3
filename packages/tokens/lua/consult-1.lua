--[[
  Says what to do about a credential's token: use it, renew it, wait for who renews it, or fail as the last renewal did.
  Whoever is told to renew holds the lease, alone in the fleet, until it stores or fails, or the lease ends.

  KEYS[1]  token: hash: version, sealed, renew_at, expires_at (ms, Redis clock; 0: nobody knows), refused (1: the provider
           does not take it any more), holder, held_until (ms), failure, failed_until (ms)
  ARGV[1]  who asks: unique for each asking   ARGV[2]  lease length (ms)
  ARGV[3]  version that the asker can't use, or ''
  Returns  {verdict, now (ms), version or '', sealed or '', ms}
           'token'     use it
           'renew'     renew it; the lease is the asker's
           'freshen'   the same, but until then the token may be used
           'wait'      somebody else renews it; the lease ends in ms
           'failed'    sealed is the failure of the last renewal; the next may be tried in ms
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
return { is_usable and 'freshen' or 'renew', now, version, sealed, 0 }
