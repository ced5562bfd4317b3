--[[
  Claims runs of requests for one worker, each by itself. The claim guarantees that a job delivered several times makes
  one run. Refuses a run that is over, cancelled, late or already claimed, and a run queued on another server: that
  server may have given it to a worker, and this one may have lost the claim. A worker that repeats its claim because the
  reply got lost is granted it again.

  KEYS[1]  record of the request: hash: epoch, deadline (ms, Redis clock), server (id), claimed (epoch), claimant,
           delivered; or, after its last run, only ended (epoch); again for each further run, at most 50, to bound the
           time in Redis
  ARGV[1]  epoch of the job; the three again for each further run
  ARGV[2]  claimant: worker id, space, id of this delivery of the job
  ARGV[3]  deadline of the job itself (ms, Redis clock), or '' to use the record's
  Returns  for each run, in the same order: {'claimed', ms left until the deadline, delivered or ''}
           | {'gone' | 'outdated' | 'taken' | 'moved' | 'late', 0, ''}
]]
--@include server-id
local args_each = 3
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local server

local function claim(key, epoch, claimant, deadline)
  local record = redis.call('HMGET', key, 'epoch', 'deadline', 'claimed', 'delivered', 'claimant', 'server')
  if not record[1] then return { 'gone', 0, '' } end
  if record[1] ~= epoch then return { 'outdated', 0, '' } end
  if record[3] == epoch and record[5] ~= claimant then return { 'taken', 0, '' } end
  -- Ingresses before 2026-11-30 do not store the server id.
  if record[6] then
    server = server or server_id()
    if record[6] ~= server then return { 'moved', 0, '' } end
  end
  local left = (tonumber(deadline) or tonumber(record[2])) - now
  if left <= 0 then return { 'late', 0, '' } end
  redis.call('HSET', key, 'claimed', epoch, 'claimant', claimant)
  return { 'claimed', left, record[4] or '' }
end

local reply = {}
for at = 1, #KEYS do
  local first = (at - 1) * args_each + 1
  reply[at] = claim(KEYS[at], ARGV[first], ARGV[first + 1], ARGV[first + 2])
end
return reply
