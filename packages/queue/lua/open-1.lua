--[[
  Puts the body of a request beside its queue. While this record is there, the request is still wanted.

  KEYS[1]  record of the request: hash: body, epoch, deadline (ms, Redis clock), claimed (epoch)
  ARGV[1]  body (JSON text)   ARGV[2]  deadline (ms, Redis clock)   ARGV[3]  ms to keep the record
  Returns  1
]]
redis.call('HSET', KEYS[1], 'body', ARGV[1], 'epoch', 1, 'deadline', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
