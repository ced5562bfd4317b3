-- Returns the id of this Redis process, constant over its lifetime. A server that was restarted, or promoted in a
-- failover, has another id, and may have lost the latest writes of its predecessor. Measured: 8 µs; with a pattern
-- instead of the plain search, 20.
local function server_id()
  local info = redis.call('INFO', 'server')
  local _, last = string.find(info, 'run_id:', 1, true)
  local stop = last and string.find(info, '\r', last, true)
  return stop and string.sub(info, last + 1, stop - 1) or ''
end
