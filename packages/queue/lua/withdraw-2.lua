--[[
  Ends a request: removes its record, which cancels every run that has not started.

  KEYS[1]  record of the request: hash: epoch, deadline (ms, Redis clock), server (id), claimed (epoch), claimant,
           delivered; or, after its last run, only ended (epoch)
  KEYS[2]  body of the request
  Returns  1 if a worker has claimed the latest run (the caller must cancel it if it still runs), else 0
]]
local record = redis.call('HMGET', KEYS[1], 'epoch', 'claimed')
redis.call('UNLINK', KEYS[1], KEYS[2])
return record[1] and record[1] == record[2] and 1 or 0
