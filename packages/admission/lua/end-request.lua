-- Included by the scripts beside it, after `longest-debt` and `hand-over`. Needs the locals: now, and those of
-- `hand-over`.
local function correct(key, per_minute, delta)
  -- `delta ~= delta` is true for NaN.
  if per_minute == 0 or delta == 0 or delta ~= delta then return end
  local before = math.max(tonumber(redis.call('GET', key) or 0), now)
  local arrival = math.min(before + 60000 / per_minute * delta, math.max(before, now + longest_debt_ms))
  if arrival <= now then
    redis.call('DEL', key)
  else
    redis.call('SET', key, string.format('%.4f', arrival), 'PX', math.ceil(arrival - now) + 1000)
  end
end

-- Charges the key's turn for the tokens it used in the end; the turn stays at or above the lowest turn.
local function correct_turn(key_id, delta)
  if delta ~= delta then return end
  local turn = redis.call('ZSCORE', turns, key_id)
  if not turn then return end
  local lowest = tonumber(redis.call('ZRANGE', turns, 0, 0, 'WITHSCORES')[2])
  redis.call('ZADD', turns, math.max(tonumber(turn) + delta, lowest), key_id)
end

local here
-- Returns 1 if the request was waiting or displaced, else 0.
local function leave(id)
  here = here or waiting_room()
  return here.leave(id)
end

-- Ends one request. Returns 1 if it was known, else 0.
local function release(keys_at, args_at)
  local key_leases, request_rate, token_rate = KEYS[keys_at], KEYS[keys_at + 1], KEYS[keys_at + 2]
  local request_id, rpm, requests_delta, tpm, tokens_delta, key_id, turn_delta = unpack(ARGV, args_at, args_at + 6)
  local ran = redis.call('ZREM', fleet_leases, request_id) == 1
  local known = ran or leave(request_id) == 1
  redis.call('ZREM', key_leases, request_id)
  if known then
    correct(request_rate, tonumber(rpm), tonumber(requests_delta))
    correct(token_rate, tonumber(tpm), tonumber(tokens_delta))
  end
  if ran and tonumber(turn_delta) ~= 0 then correct_turn(key_id, tonumber(turn_delta)) end
  return known and 1 or 0
end

