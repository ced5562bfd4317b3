--[[
  Counts a request that failed at a target, once per request. Opens the circuit when too many different requests in a
  row failed within the window, or when the probe of an open circuit failed. Failures of a single tenant do not open
  it while requests of another tenant succeed: those failures belong to the tenant, not to the target.

  KEYS[1]  circuit of the target: hash: failures, since, open_until, probe_until (ms, Redis clock), cause, requests
           (the latest request ids that failed), tenant (the first that failed), others ('1' once a second tenant
           failed), served_at (ms) and served (tenant of the latest success after a failure)
  ARGV[1]  failures that open it   ARGV[2]  window (ms)   ARGV[3]  open time (ms)   ARGV[4]  1 for a probe
  ARGV[5]  request id   ARGV[6]  tenant   ARGV[7]  cause, for people
  Returns  1 when the circuit is open now, else 0
]]
local circuit = KEYS[1]
local threshold, window_ms, open_ms, was_probe = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1'
local request_id, tenant, cause = ARGV[5], ARGV[6], ARGV[7]
-- Recognises a request that fails again within 64 other failures; a longer list would only extend this.
local kept_requests = 64
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local state = redis.call('HMGET', circuit, 'failures', 'since', 'open_until', 'requests', 'tenant', 'others', 'served_at', 'served')
local failures, since, open_until = tonumber(state[1]) or 0, tonumber(state[2]) or now, tonumber(state[3])
local requests, first_tenant, others = state[4] or '', state[5], state[6]
local served_at, served = tonumber(state[7]) or 0, state[8]
-- Late failures of attempts made before the circuit opened give no new information, and must not keep it open.
if open_until and not was_probe then return 1 end
if now - since > window_ms then failures, since, requests, first_tenant, others = 0, now, '', false, false end

local ids = {}
for id in string.gmatch(requests, '%S+') do
  if id ~= request_id then ids[#ids + 1] = id end
end
local is_known = string.find(' ' .. requests .. ' ', ' ' .. request_id .. ' ', 1, true)
ids[#ids + 1] = request_id
if not is_known then failures = failures + 1 end
if first_tenant and first_tenant ~= tenant then others = '1' end
redis.call('HSET', circuit, 'failures', failures, 'since', since, 'cause', cause, 'tenant', first_tenant or tenant,
  'requests', table.concat(ids, ' ', math.max(1, #ids - kept_requests + 1)))
if others then redis.call('HSET', circuit, 'others', '1') else redis.call('HDEL', circuit, 'others') end
redis.call('PEXPIRE', circuit, window_ms + open_ms + 60000)

local is_served = not others and served and served ~= tenant and now - served_at <= window_ms
local must_open = was_probe or (failures >= threshold and not is_served)
if not must_open then return 0 end
redis.call('HSET', circuit, 'open_until', now + open_ms)
redis.call('HDEL', circuit, 'probe_until')
return 1
