--[[
  Puts the body of a request beside its queue. While this record is there, the request is still wanted.

  KEYS[1]  record of the request: hash: body, epoch, deadline (ms, Redis clock), claimed (epoch),
           claimant, delivered
  ARGV[1]  body (JSON text)   ARGV[2]  deadline (ms, Redis clock)   ARGV[3]  ms to keep the record
  ARGV[4]  epoch of the run   ARGV[5]  what the client has of the answer (JSON), or ''
  Returns  1
]]
redis.call('HSET', KEYS[1], 'body', ARGV[1], 'epoch', ARGV[4], 'deadline', ARGV[2], 'delivered', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
