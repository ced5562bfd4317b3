--[[
  Claims one run of a request for one worker. The claim guarantees that a job delivered several times makes one run.
  Refuses a run that is over, cancelled, late or already claimed, and a run queued on another server: that server may
  have given it to a worker, and this one may have lost the claim. A worker that repeats its claim because the reply
  got lost is granted it again.

  KEYS[1]  record of the request: hash: epoch, deadline (ms, Redis clock), server (id), claimed (epoch), claimant,
           delivered; or, after its last run, only ended (epoch)
  ARGV[1]  epoch of the job   ARGV[2]  claimant: worker id, space, id of this delivery of the job
  ARGV[3]  deadline of the job itself (ms, Redis clock), or '' to use the record's
  Returns  {'claimed', ms left until the deadline, delivered or ''}
           | {'gone' | 'outdated' | 'taken' | 'moved' | 'late', 0, ''}
]]
--@include server-id
local epoch = ARGV[1]
local record = redis.call('HMGET', KEYS[1], 'epoch', 'deadline', 'claimed', 'delivered', 'claimant', 'server')
if not record[1] then return { 'gone', 0, '' } end
if record[1] ~= epoch then return { 'outdated', 0, '' } end
if record[3] == epoch and record[5] ~= ARGV[2] then return { 'taken', 0, '' } end
-- Ingresses before 2026-11-30 do not store the server id.
if record[6] and record[6] ~= server_id() then return { 'moved', 0, '' } end
local time = redis.call('TIME')
local left = (tonumber(ARGV[3]) or tonumber(record[2])) - (time[1] * 1000 + math.floor(time[2] / 1000))
if left <= 0 then return { 'late', 0, '' } end
redis.call('HSET', KEYS[1], 'claimed', epoch, 'claimant', ARGV[2])
return { 'claimed', left, record[4] or '' }
