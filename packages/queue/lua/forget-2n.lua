--[[
  Removes the stored data of requests whose runs are over, unless a later run has started: a worker that was declared
  lost must not remove it from the worker that replaced it. For some time each record keeps the ended epoch, so that a
  late command cannot open the request again.

  KEYS[1]  record of the request: hash: epoch, deadline (ms, Redis clock), server (id), claimed (epoch), claimant,
           delivered; or, after its last run, only ended (epoch)
  KEYS[2]  body of the request; both again for each further request, at most 50, to bound the time in Redis
  ARGV[1]  ms to keep the ended epochs   ARGV[2…] epoch of each request's run, in the same order
  Returns  for each request, in the same order: 1 if it was removed, else 0
]]
local keep_ms = ARGV[1]
local removed = {}
for at = 1, #KEYS / 2 do
  local record, body, epoch = KEYS[2 * at - 1], KEYS[2 * at], ARGV[at + 1]
  removed[at] = 0
  if redis.call('HGET', record, 'epoch') == epoch then
    redis.call('UNLINK', record, body)
    redis.call('HSET', record, 'ended', epoch)
    redis.call('PEXPIRE', record, keep_ms)
    removed[at] = 1
  end
end
return removed
