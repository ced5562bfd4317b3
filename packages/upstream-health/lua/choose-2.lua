--[[
  Chooses a credential for each of some attempts at one target, one after the other, or reports why it cannot: the
  target's circuit is open, or every credential is in cooldown. Lets exactly one attempt at a time through to a target
  whose open time has passed, and to a credential whose long cooldown has just ended.

  KEYS[1]  cooldowns of the upstream's credentials: hash: see `cool-down-1.lua`
  KEYS[2]  circuit of the target: hash: see `count-failure-1.lua`
  ARGV[1]  time limit of a probe (ms); then another is sent   ARGV[2]  longest cooldown (ms)
  ARGV[3]  time (ms) after the circuit's open time in which the requests that helped to open it get no probe
  ARGV[4]  model of the target
  ARGV[5…] for each attempt, at most 50, to bound the time in Redis: request id, tenant, number of credentials, and
           their ids in the caller's order of preference
  Returns  for each attempt, in the same order: {verdict, credential id or '', ms to wait, failures counted so far,
           cause of the open circuit or ''}
           verdict 'go' | 'probe' | 'cooling' (a cooldown ends later) | 'refused' (no credential is accepted) | 'open'
]]
local cooldowns, circuit = KEYS[1], KEYS[2]
local probe_ms, max_cooldown_ms, grace_ms, model = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local common_args, args_before_credentials = 4, 3
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Returns the ms until the cooldown ends, whether the provider refused the credential, and whether a probe is due.
local function read_cooldown(value)
  local cooldown_end, refused, probed = string.match(value or '', '^(%d+)(!?)(%??)')
  cooldown_end = tonumber(cooldown_end)
  -- Ignores an end beyond the longest cooldown: this version did not write it.
  if not cooldown_end or cooldown_end - now > max_cooldown_ms then return 0, false, false end
  return math.max(0, cooldown_end - now), refused == '!', probed == '?' and cooldown_end <= now
end

-- Cooldowns by field, as far as they were read or written; false: none.
local known = {}

-- Reads the cooldowns of credentials, for all models and for this one.
local function read(credentials)
  local fields = {}
  for _, credential in ipairs(credentials) do
    if known[credential] == nil then
      fields[#fields + 1] = credential
      fields[#fields + 1] = credential .. '\t' .. model
    end
  end
  if #fields == 0 then return end
  for at, value in ipairs(redis.call('HMGET', cooldowns, unpack(fields))) do known[fields[at]] = value end
end

-- Returns the first credential that is not in cooldown, if any, the shortest cooldown, and the fields to probe.
local function first_ready(credentials)
  local shortest
  read(credentials)
  for _, credential in ipairs(credentials) do
    local wait_ms, is_refused, probed = 0, false, {}
    for _, field in ipairs({ credential, credential .. '\t' .. model }) do
      local field_ms, field_refused, field_probed = read_cooldown(known[field])
      if field_ms > wait_ms then wait_ms, is_refused = field_ms, field_refused end
      if field_probed then probed[#probed + 1] = field end
    end
    if wait_ms <= 0 then return credential, nil, probed end
    if not is_refused then shortest = math.min(shortest or wait_ms, wait_ms) end
  end
  return nil, shortest, {}
end

local state = redis.call('HMGET', circuit, 'failures', 'open_until', 'probe_until', 'cause', 'requests', 'tenant', 'others')
local failures, open_until, probe_until = tonumber(state[1]) or 0, tonumber(state[2]), tonumber(state[3]) or 0
local cause = state[4] or ''

local function choose(request_id, tenant, credentials)
  local chosen, shortest, to_probe = first_ready(credentials)
  if not chosen then return { shortest and 'cooling' or 'refused', '', shortest or 0, failures, '' } end

  local verdict = 'go'
  if open_until then
    if now < open_until then return { 'open', '', open_until - now, failures, cause } end
    if now < probe_until then return { 'open', '', math.min(probe_until - now, 250), failures, cause } end
    -- The requests that opened the circuit may themselves cause the failures: other requests probe first.
    local is_suspect = string.find(' ' .. (state[5] or '') .. ' ', ' ' .. request_id .. ' ', 1, true)
      or (state[6] == tenant and not state[7])
    if is_suspect and now < open_until + grace_ms then
      return { 'open', '', open_until + grace_ms - now, failures, cause }
    end
    probe_until = now + probe_ms
    redis.call('HSET', circuit, 'probe_until', probe_until)
    redis.call('PEXPIRE', circuit, probe_ms + 60000)
    verdict = 'probe'
  end
  -- Other requests wait for this attempt; they use the credential again unless it starts a new cooldown.
  for _, field in ipairs(to_probe) do
    known[field] = string.format('%.0f?', now + math.min(probe_ms, max_cooldown_ms))
    redis.call('HSET', cooldowns, field, known[field])
  end
  return { verdict, chosen, 0, #to_probe > 0 and math.max(failures, 1) or failures, '' }
end

local reply = {}
local at = common_args + 1
while at <= #ARGV do
  local request_id, tenant, count = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local first = at + args_before_credentials
  reply[#reply + 1] = choose(request_id, tenant, { unpack(ARGV, first, first + count - 1) })
  at = first + count
end
return reply
