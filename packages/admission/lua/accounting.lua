-- Included by the scripts beside it, after `rates`, `hand-over` and `open-entry`. Needs the locals that `acquire-12`
-- names. Gives `accounting` to `decide`.

-- Returns a day (UTC) as `2026-12-01`; Redis has no calendar. Algorithm: civil_from_days of Howard Hinnant.
local function date_of(ms)
  local days = math.floor(ms / 86400000) + 719468
  local era = math.floor(days / 146097)
  local day_of_era = days - era * 146097
  local year_of_era = math.floor((day_of_era - math.floor(day_of_era / 1460) + math.floor(day_of_era / 36524)
    - math.floor(day_of_era / 146096)) / 365)
  local day_of_year = day_of_era - (365 * year_of_era + math.floor(year_of_era / 4) - math.floor(year_of_era / 100))
  local from_march = math.floor((5 * day_of_year + 2) / 153)
  local day = day_of_year - math.floor((153 * from_march + 2) / 5) + 1
  local month = from_march < 10 and from_march + 3 or from_march - 9
  local year = year_of_era + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02d', year, month, day)
end

local today = date_of(now)
local this_month = string.sub(today, 1, 7)

-- Returns nil for an owner without budgets.
local function read_spend(scope, owner, limits)
  if (limits[1] or '-1') == '-1' and (limits[2] or '-1') == '-1' and (limits[3] or '-1') == '-1' then return nil end
  local key = prefix .. 'spend:' .. owner
  local stored = redis.call('HMGET', key, today, this_month, 'total', 'reserved')
  return { scope = scope, owner = owner, key = key, limits = limits, stored = stored, reserved = tonumber(stored[4] or 0) }
end

-- Returns the first window whose budget does not hold, and what is left of it; nil if all hold.
local function short_window(spend)
  for at, window in ipairs({ 'day', 'month', 'total' }) do
    local limit = tonumber(spend.limits[at])
    if limit >= 0 then
      local spent = tonumber(spend.stored[at] or 0)
      local may_run_alone = not is_bounded and spend.reserved == 0 and spent < limit
      if spent + spend.reserved + tonumber(amount) > limit and not may_run_alone then
        return window, math.max(0, limit - spent - spend.reserved)
      end
    end
  end
  return nil
end

local team_leases = fleet_leases .. ':team:' .. team_id
local team_requests = read_rate(prefix .. 'rpm:team:' .. team_id, team_rpm, team_rpm_burst, 1)
local team_allowance = read_rate(prefix .. 'tpm:team:' .. team_id, team_tpm, team_tpm_burst, tokens)
local spends = {}
if ARGV[17] then
  spends[1] = read_spend('key', 'k:' .. key_id, key_budgets)
  if team_id ~= '' then spends[#spends + 1] = read_spend('team', 't:' .. team_id, team_budgets) end
end
local whose, short, left = '', '', 0

local accounting = {}

function accounting.find_refusal(holds)
  whose = 'team'
  if holds(team_leases, team_limit) then return 'concurrency', 1000 end
  if team_requests.wait_ms ~= 0 then return 'requests', team_requests.wait_ms end
  if team_allowance.wait_ms ~= 0 then return 'tokens', team_allowance.wait_ms end
  for _, each in ipairs(spends) do
    local window, money = short_window(each)
    if window then
      whose, short, left = each.scope, window, money
      return 'budget', -1
    end
  end
  whose = ''
  return nil
end

function accounting.take()
  if team_limit > 0 then lease(team_leases, request_id) end
  spend(team_requests)
  spend(team_allowance)
  local owners = ''
  for _, each in ipairs(spends) do owners = owners .. ' ' .. each.owner end
  local head = table.concat({ amount, charge_if_lost, prompt_tokens, today }, ' ') .. owners
  local text = head .. '\n' .. string.sub(entry, 1, -2) .. ',"acceptedAt":' .. whole(now) .. '}'
  -- An open entry of an earlier call has reserved already.
  if redis.call('HSETNX', open_entries, request_id, text) == 0 then return end
  redis.call('PEXPIRE', open_entries, entries_live_ms)
  for _, each in ipairs(spends) do
    if not each.stored[1] then begin_day(each.key, today) end
    redis.call('HINCRBY', each.key, 'reserved', amount)
  end
end

-- Adds the facts of the team and of the budgets to a reply of `decide`.
function accounting.report(reply)
  if reply[1] ~= 'refused' then whose, short, left = '', '', 0 end
  if reply[1] == 'refused' and whose == '' then whose = reply[3] == 'overloaded' and '' or 'key' end
  local requests_left, requests_ms = show(team_requests)
  local tokens_left, tokens_ms = show(team_allowance)
  for _, each in ipairs({ whose, short, left, requests_left, requests_ms, tokens_left, tokens_ms }) do
    reply[#reply + 1] = each
  end
end
