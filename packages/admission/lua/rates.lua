-- Included by the scripts beside it. Needs the locals: now, longest_debt_ms.
-- Returns the rate now and after `amount` more, and the ms until the amount fits (0: now, -1: never).
local function read_rate(key, per_minute, burst, amount)
  if per_minute == 0 then return { wait_ms = 0 } end
  local interval = 60000 / per_minute
  local tolerance = interval * burst
  local stored = tonumber(redis.call('GET', key) or 0)
  local arrival = math.max(math.min(stored, now + math.max(tolerance, longest_debt_ms)), now)
  local after = arrival + interval * amount
  local wait_ms = 0
  if amount > burst then wait_ms = -1 elseif after - tolerance > now then wait_ms = math.ceil(after - tolerance - now) end
  return { key = key, interval = interval, tolerance = tolerance, arrival = arrival, after = after, wait_ms = wait_ms }
end

local function spend(rate)
  if not rate.key then return end
  rate.arrival = rate.after
  redis.call('SET', rate.key, string.format('%.4f', rate.after), 'PX', math.ceil(rate.after - now) + 1000)
end

-- Returns the unused part of a burst, and the ms until the whole burst is available again.
local function show(rate)
  if not rate.key then return -1, 0 end
  local debt = rate.arrival - now
  return math.max(0, math.floor((rate.tolerance - debt) / rate.interval + 1e-6)), math.ceil(debt)
end
