--[[
  Starts a cooldown of a credential, for all models or for one. A longer cooldown in force stays. A cooldown cut to
  the longest one ends in a probe: one attempt tries the credential while the others still wait.

  KEYS[1]  cooldowns of the upstream's credentials: hash, credential id, or credential id, tab and model, -> end (ms,
           Redis clock), then '!' if the provider refused the credential, so that waiting for it cannot help, then '?'
           if one attempt must try it first; then a space and the reason
  ARGV[1]  field   ARGV[2]  cooldown (ms)   ARGV[3]  '!' if the provider refused it, else ''
  ARGV[4]  longest cooldown (ms)   ARGV[5]  reason: a kind of failure, without spaces
  Returns  ms until this credential may be used again
]]
local cooldowns, field, asked_ms, refused, max_cooldown_ms, reason =
  KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), ARGV[5]
local cooldown_ms = math.min(asked_ms, max_cooldown_ms)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- Time (ms) that the entry stays after the cooldown, for the probe.
local probe_window_ms = 600000

local before = tonumber(string.match(redis.call('HGET', cooldowns, field) or '', '^%d+')) or 0
local before_ms = before - now
if before_ms >= cooldown_ms and before_ms <= max_cooldown_ms then return before_ms end
local probe = asked_ms > max_cooldown_ms and '?' or ''
redis.call('HSET', cooldowns, field, string.format('%.0f%s%s %s', now + cooldown_ms, refused, probe, reason))
local keep_ms = cooldown_ms + probe_window_ms
if redis.call('PTTL', cooldowns) < keep_ms then redis.call('PEXPIRE', cooldowns, keep_ms) end
return cooldown_ms
