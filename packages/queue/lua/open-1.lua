--[[
  Opens the record of a request, beside its queue. While it is there, the request is still wanted.

  KEYS[1]  record of the request: hash: epoch, deadline (ms, Redis clock), claimed (epoch), claimant,
           delivered
  ARGV[1]  deadline (ms, Redis clock)   ARGV[2]  ms to keep the record   ARGV[3]  epoch of the run
  ARGV[4]  what the client has of the answer (JSON), or ''
  Returns  1
]]
redis.call('HSET', KEYS[1], 'epoch', ARGV[3], 'deadline', ARGV[1], 'delivered', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
