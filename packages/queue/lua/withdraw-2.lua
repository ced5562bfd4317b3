--[[
  Ends a request: its record goes, and with it every run that has not begun.

  KEYS[1]  record of the request: hash: epoch, deadline (ms, Redis clock), server (id), claimed (epoch), claimant,
           delivered; or, after its last run, only ended (epoch)
  KEYS[2]  its body
  Returns  1 when a worker has claimed the latest run (it must be told, if it still runs), else 0
]]
local record = redis.call('HMGET', KEYS[1], 'epoch', 'claimed')
redis.call('UNLINK', KEYS[1], KEYS[2])
return record[1] and record[1] == record[2] and 1 or 0
