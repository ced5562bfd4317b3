--[[
  Starts the next run of a request unless a worker may have claimed the latest one: for a job that a worker took from
  the list but never claimed. The epoch refuses a late claim. If the record is gone, or was opened on another server,
  this server may not have every claim, and the script changes nothing.

  KEYS[1]  record of the request: hash: epoch, deadline (ms, Redis clock), server (id), claimed (epoch), claimant,
           delivered; or, after its last run, only ended (epoch)
  ARGV[1]  the new epoch
  Returns  {'taken_back', '', id of this server} | {'claimed', claimant, id of this server}
           | {'unknown', '', id of this server}
]]
--@include server-id
local server = server_id()
local record = redis.call('HMGET', KEYS[1], 'epoch', 'claimed', 'claimant', 'server')
if not record[1] then return { 'unknown', '', server } end
if record[1] == record[2] then return { 'claimed', record[3], server } end
if record[4] ~= server then return { 'unknown', '', server } end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1])
return { 'taken_back', '', server }
