--[[
  Records that a target has answered: closes its circuit, clears its failures, and ends the probe of the credential
  that was used.

  KEYS[1]  cooldowns of the upstream's credentials: hash: see `cool-down-1.lua`
  KEYS[2]  circuit of the target: hash: see `count-failure-1.lua`
  ARGV[1]  tenant that was served   ARGV[2]  window (ms) in which the success counts
  ARGV[3]  id of the credential that was used, or ''   ARGV[4]  model of the target
  Returns  1 when the circuit was open, else 0
]]
local cooldowns, circuit = KEYS[1], KEYS[2]
local tenant, window_ms, credential, model = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local was_open = redis.call('HEXISTS', circuit, 'open_until')
redis.call('DEL', circuit)
redis.call('HSET', circuit, 'served', tenant, 'served_at', now)
redis.call('PEXPIRE', circuit, window_ms)
if credential ~= '' then
  for _, field in ipairs({ credential, credential .. '\t' .. model }) do
    if string.match(redis.call('HGET', cooldowns, field) or '', '^%d+!?%?') then redis.call('HDEL', cooldowns, field) end
  end
end
return was_open
