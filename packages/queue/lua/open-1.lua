--[[
  Opens the record of a request, beside its queue. The request is wanted as long as the record exists. The client
  library repeats a command after a lost connection; the repetition must not open a run again, neither on another
  server, which may have lost the first server's claim, nor after the run is over.

  KEYS[1]  record of the request: hash: epoch, deadline (ms, Redis clock), server (id), claimed (epoch), claimant,
           delivered; or, after its last run, only ended (epoch)
  ARGV[1]  deadline (ms, Redis clock)   ARGV[2]  ms to keep the record   ARGV[3]  epoch of the run
  ARGV[4]  the part of the answer that the client has, or ''   ARGV[5]  id of the server that the caller addresses
  Returns  {'queued' | 'moved' | 'ended', id of this server}
]]
--@include server-id
local server = server_id()
if server ~= ARGV[5] then return { 'moved', server } end
local ended = redis.call('HGET', KEYS[1], 'ended')
if ended then
  if tonumber(ended) >= tonumber(ARGV[3]) then return { 'ended', server } end
  redis.call('HDEL', KEYS[1], 'ended')
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[3], 'deadline', ARGV[1], 'server', server, 'delivered', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { 'queued', server }
