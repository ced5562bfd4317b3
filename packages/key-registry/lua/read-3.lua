--[[
  Reads the client keys and teams that changed after a revision, or all of them if the reader's come from another source, or
  are so old that records of what is gone since were dropped.

  KEYS[1]  state: hash, source -> text, revision -> number, floor -> highest revision of a dropped record
  KEYS[2]  revisions: zset, record id -> its latest revision
  KEYS[3]  records: hash, record id -> JSON
  ARGV[1]  source of what the reader has, or ''      ARGV[2]  its revision
  Returns  {} if Redis has no records
           {source, revision} if the reader has them all
           {source, revision, 1 if these are all else 0, JSON, …}
]]
local state, revisions, records = KEYS[1], KEYS[2], KEYS[3]
local known_source, known_revision = ARGV[1], tonumber(ARGV[2])

local current = redis.call('HMGET', state, 'source', 'revision', 'floor')
local source, revision, floor = current[1], tonumber(current[2]), tonumber(current[3] or 0)
if not source then return {} end
if source == known_source and revision <= known_revision then return { source, revision } end

local is_delta = source == known_source and known_revision >= floor
local ids
if is_delta then
  ids = redis.call('ZRANGEBYSCORE', revisions, '(' .. known_revision, '+inf')
else
  ids = redis.call('ZRANGE', revisions, 0, -1)
end
local reply = { source, revision, is_delta and 0 or 1 }
for _, id in ipairs(ids) do
  local record = redis.call('HGET', records, id)
  if record then reply[#reply + 1] = record end
end
return reply
