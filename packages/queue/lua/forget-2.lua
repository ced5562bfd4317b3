--[[
  Removes what is kept of a request whose run is over, unless a later run has begun: a worker that was reasoning lost
  must not take it from the one that replaced it. For a while it stays known that the run is over, so that it can't be
  opened again by a command that is late.

  KEYS[1]  record of the request: hash: epoch, deadline (ms, Redis clock), server (id), claimed (epoch), claimant,
           delivered; or, after its last run, only ended (epoch)
  KEYS[2]  its body
  ARGV[1]  epoch of the run   ARGV[2]  ms for which the end stays known
  Returns  1 when it was removed, else 0
]]
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
redis.call('UNLINK', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[1], 'ended', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
