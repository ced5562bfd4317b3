--[[
  Begins the next run of a request unless a worker has claimed the latest one: for a job that a worker took from the
  list without ever coming to claim it. Whoever comes late is refused by its epoch.

  KEYS[1]  record of the request: hash: epoch, deadline (ms, Redis clock), claimed (epoch), claimant,
           delivered
  ARGV[1]  the new epoch
  Returns  {'taken_back', ''} | {'claimed', claimant} | {'gone', ''}: its time is over, or Redis has lost its data
]]
local record = redis.call('HMGET', KEYS[1], 'epoch', 'claimed', 'claimant')
if not record[1] then return { 'gone', '' } end
if record[1] == record[2] then return { 'claimed', record[3] } end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1])
return { 'taken_back', '' }
