--[[
  Begins the next run of a request: from now on only this epoch may be claimed, and the runs before it count for
  nothing.

  KEYS[1]  record of the request: hash: epoch, deadline (ms, Redis clock), claimed (epoch), claimant,
           delivered
  ARGV[1]  the new epoch   ARGV[2]  what the client has of the answer (JSON), or ''
  Returns  1, or 0 when the record is gone: its time is over, or Redis has lost its data
]]
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'delivered', ARGV[2])
return 1
