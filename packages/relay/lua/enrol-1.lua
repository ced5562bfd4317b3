--[[
  Registers a process in the list of live processes; repeated as long as it lives.

  KEYS[1]  list of live processes: zset, process id → time of its latest entry (ms, Redis clock)
  ARGV[1]  process id   ARGV[2]  ms after which an entry without repetition is dropped
  Returns  1
]]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
