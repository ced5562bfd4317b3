--[[
  Removes the stored data of a request whose run is over, unless a later run has started: a worker that was declared
  lost must not remove it from the worker that replaced it. For some time the record keeps the ended epoch, so that a
  late command cannot open the request again.

  KEYS[1]  record of the request: hash: epoch, deadline (ms, Redis clock), server (id), claimed (epoch), claimant,
           delivered; or, after its last run, only ended (epoch)
  KEYS[2]  body of the request
  ARGV[1]  epoch of the run   ARGV[2]  ms to keep the ended epoch
  Returns  1 if it was removed, else 0
]]
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
redis.call('UNLINK', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[1], 'ended', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
