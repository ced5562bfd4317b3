--[[
  Starts the next run of a request: from now on workers can claim only this epoch, and earlier runs are void.

  KEYS[1]  record of the request: hash: epoch, deadline (ms, Redis clock), server (id), claimed (epoch), claimant,
           delivered; or, after its last run, only ended (epoch)
  ARGV[1]  the new epoch   ARGV[2]  the part of the answer that the client has, or ''
  ARGV[3]  id of the server that the caller addresses
  Returns  {'queued' | 'moved' | 'gone', id of this server}; gone: the record has expired, or Redis has lost its data
]]
--@include server-id
local server = server_id()
if server ~= ARGV[3] then return { 'moved', server } end
if redis.call('HEXISTS', KEYS[1], 'epoch') == 0 then return { 'gone', server } end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'server', server, 'delivered', ARGV[2])
return { 'queued', server }
