-- Included by the scripts beside it, after `open-entry`. Needs the local: prefix.

-- Charges a cost to the windows in which the request was accepted, and gives a reservation back. A negative cost
-- corrects an estimate.
local function charge(owner, day, money, returned)
  local key, month = prefix .. 'spend:' .. owner, string.sub(day, 1, 7)
  local stored = redis.call('HMGET', key, day, month, 'total', 'reserved')
  local function plus(at, amount) return whole(math.max(0, tonumber(stored[at] or 0) + amount)) end
  redis.call('HSET', key, day, plus(1, money), month, plus(2, money), 'total', plus(3, money), 'reserved', plus(4, -returned))
  if not stored[3] then redis.call('PEXPIRE', key, spend_lives_ms) end
end

-- Returns the head of an open entry, and its JSON.
local function read_open_entry(text)
  local reserved, charge_if_lost, prompt_tokens, day, owners, json =
    string.match(text, '^(%d+) (%d+) (%d+) (%S+)([^\n]*)\n(.*)$')
  return { reserved = tonumber(reserved), charge_if_lost = tonumber(charge_if_lost), prompt_tokens = prompt_tokens,
           day = day, owners = owners }, json
end

local function charge_all(owners, day, money, returned)
  for owner in string.gmatch(owners, '%S+') do charge(owner, day, money, returned) end
end
