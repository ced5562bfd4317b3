--[[
  Publishes client keys and teams of the database. Publishing the same again, or older ones, changes nothing. Readers that
  wait for an entry of the changes are woken. Records of revoked keys and removed teams are dropped when their time is over.

  KEYS[1]  state: hash as in read-3.lua
  KEYS[2]  revisions: zset, record id -> its latest revision
  KEYS[3]  records: hash, record id -> JSON
  KEYS[4]  tombstones: zset, id of a record of what is gone -> time at which it is dropped (ms, Redis clock)
  KEYS[5]  changes: stream with one entry, whose `r` is the revision of the latest change
  ARGV[1]  source that the publisher has found in the state, or ''
  ARGV[2]  new source, if these are all records and replace what is there; '' if they are changes
  ARGV[3]  revision after which the changes come     ARGV[4]  revision of the database
  ARGV[5]  time to keep everything (ms)
  ARGV[6]  id of a record, then its revision, the time to keep it (ms; 0 = it is not gone) and its JSON, and so on
  Returns  1; 0 if the state has changed meanwhile: read it again
]]
local state, revisions, records, tombstones, changes = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local found, new_source, since, revision, keep_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local most_dropped = 1000

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local current = redis.call('HMGET', state, 'source', 'revision', 'floor')
local source, present, floor = current[1] or '', tonumber(current[2] or 0), tonumber(current[3] or 0)
if source ~= found then return 0 end
local has_changed = new_source ~= ''
if has_changed then
  redis.call('DEL', revisions, records, tombstones)
  redis.call('HSET', state, 'source', new_source, 'revision', revision, 'floor', 0)
  floor = 0
else
  if source == '' or present < since then return 0 end
  redis.call('HSET', state, 'revision', math.max(present, revision))
end
for at = 6, #ARGV, 4 do
  local id, changed, kept_ms, record = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), ARGV[at + 3]
  if changed > tonumber(redis.call('ZSCORE', revisions, id) or 0) then
    redis.call('ZADD', revisions, changed, id)
    redis.call('HSET', records, id, record)
    if kept_ms > 0 then
      redis.call('ZADD', tombstones, now + kept_ms, id)
    else
      redis.call('ZREM', tombstones, id)
    end
    has_changed = true
  end
end
-- A reader that was away for longer than that has not read that they are gone: below the floor it reads everything.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', tombstones, '-inf', now, 'LIMIT', 0, most_dropped)) do
  floor = math.max(floor, tonumber(redis.call('ZSCORE', revisions, id) or 0))
  redis.call('HSET', state, 'floor', floor)
  redis.call('HDEL', records, id)
  redis.call('ZREM', revisions, id)
  redis.call('ZREM', tombstones, id)
end
if has_changed then redis.call('XADD', changes, 'MAXLEN', 1, '*', 'r', revision) end
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, keep_ms) end
return 1
