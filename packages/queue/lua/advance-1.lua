--[[
  Begins the next run of a request: from now on only this epoch may be claimed, and the runs before it count for
  nothing.

  KEYS[1]  record of the request: hash: epoch, deadline (ms, Redis clock), server (id), claimed (epoch), claimant,
           delivered; or, after its last run, only ended (epoch)
  ARGV[1]  the new epoch   ARGV[2]  what the client has of the answer, or ''
  ARGV[3]  id of the server that the caller means
  Returns  {'queued' | 'moved' | 'gone', id of this server}; gone: its time is over, or Redis has lost its data
]]
--@include server-id
local server = server_id()
if server ~= ARGV[3] then return { 'moved', server } end
if redis.call('HEXISTS', KEYS[1], 'epoch') == 0 then return { 'gone', server } end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'server', server, 'delivered', ARGV[2])
return { 'queued', server }
