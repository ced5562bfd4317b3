--[[
  Removes what is kept of a request whose run is over, unless a later run has begun: a worker that was thought lost
  must not take it from the one that replaced it.

  KEYS[1]  record of the request: hash: epoch, deadline (ms, Redis clock), claimed (epoch), claimant,
           delivered
  KEYS[2]  its body
  ARGV[1]  epoch of the run
  Returns  1 when it was removed, else 0
]]
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
redis.call('UNLINK', KEYS[1], KEYS[2])
return 1
