-- Included by the scripts beside it.
-- An open entry is a line `<reserved> <charge if lost> <prompt tokens> <day> <owners>`, and then the JSON of the entry.
-- The amounts are micro-dollars, the day (UTC) is that of the admission, and an owner is `k:<key id>` or `t:<team id>`:
-- those whose budgets hold the reservation.
-- The spend of an owner is a hash: `<day>`, `<month>` and `total` have what was spent (micro-dollars), `reserved` has
-- what its open entries reserve. A missing number is 0.

-- Life of open entries, ledger and spend (ms): longer than any pause of a fleet.
local entries_live_ms, spend_lives_ms = 30 * 86400000, 400 * 86400000

-- Redis writes large numbers of Lua as 1e+15.
local function whole(number)
  return string.format('%.0f', number)
end

-- Forgets the windows of a spend that are over, and renews its life: once a day.
local function begin_day(key, today)
  local this_month = string.sub(today, 1, 7)
  redis.call('HSETNX', key, today, 0)
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if field < today and field ~= this_month then redis.call('HDEL', key, field) end
  end
  redis.call('PEXPIRE', key, spend_lives_ms)
end
