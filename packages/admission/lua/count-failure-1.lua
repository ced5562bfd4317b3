--[[
  Counts a failure of a target; opens its circuit when too many came in a row within the window, or when the probe of
  an open circuit failed.

  KEYS[1]  circuit of the target: hash: failures, since, open_until, probe_until (ms, Redis clock)
  ARGV[1]  failures that open it   ARGV[2]  window (ms)   ARGV[3]  how long it stays open (ms)   ARGV[4]  1 for a probe
  Returns  1 when the circuit is open now, else 0
]]
local circuit = KEYS[1]
local threshold, window_ms, open_ms, was_probe = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local state = redis.call('HMGET', circuit, 'failures', 'since', 'open_until')
local failures, since, open_until = tonumber(state[1]) or 0, tonumber(state[2]) or now, tonumber(state[3])
-- Late failures of calls made before it opened prove nothing new, and must not keep it open.
if open_until and not was_probe then return 1 end
if now - since > window_ms then failures, since = 0, now end
failures = failures + 1
redis.call('HSET', circuit, 'failures', failures, 'since', since)
redis.call('PEXPIRE', circuit, window_ms + open_ms + 60000)
if failures < threshold and not was_probe then return 0 end
redis.call('HSET', circuit, 'open_until', now + open_ms)
redis.call('HDEL', circuit, 'probe_until')
return 1
