--[[
  Chooses a credential for one call to one target, or says why there is none: the circuit of the target is open, or
  every credential rests. Lets exactly one call through to a target whose circuit has been open long enough.

  KEYS[1]  rests of the upstream's credentials: hash, credential id -> end (ms, Redis clock), with a '!' behind it when
           the provider refused the credential, so that waiting for it is in vain
  KEYS[2]  circuit of the target: hash: failures, open_until, probe_until (ms, Redis clock)
  ARGV[1]  ms that the probe of a half-open circuit may take before another is sent
  ARGV[2…] credential ids in the caller's order of preference
  Returns  {verdict, credential id or '', ms to wait, failures counted so far}
           verdict 'go' | 'probe' | 'cooling' (one comes back) | 'refused' (none is accepted) | 'open'
]]
local rests, circuit = KEYS[1], KEYS[2]
local probe_ms = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local chosen, shortest
local ends = redis.call('HMGET', rests, unpack(ARGV, 2))
for at = 2, #ARGV do
  local rest_end, refused = string.match(ends[at - 1] or '0', '^(%d+)(!?)')
  local wait_ms = tonumber(rest_end) - now
  if wait_ms <= 0 then
    chosen = ARGV[at]
    break
  end
  if refused == '' then shortest = math.min(shortest or wait_ms, wait_ms) end
end

local state = redis.call('HMGET', circuit, 'failures', 'open_until', 'probe_until')
local failures, open_until, probe_until = tonumber(state[1]) or 0, tonumber(state[2]), tonumber(state[3]) or 0
if not chosen then return { shortest and 'cooling' or 'refused', '', shortest or 0, failures } end
if not open_until then return { 'go', chosen, 0, failures } end
if now < open_until then return { 'open', '', open_until - now, failures } end
if now < probe_until then return { 'open', '', math.min(probe_until - now, 250), failures } end
redis.call('HSET', circuit, 'probe_until', now + probe_ms)
redis.call('PEXPIRE', circuit, probe_ms + 60000)
return { 'probe', chosen, 0, failures }
