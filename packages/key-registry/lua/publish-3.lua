--[[
  Publishes client keys and teams of the database. Publishing the same again, or older ones, changes nothing.

  KEYS[1]  state: hash as in read-3.lua
  KEYS[2]  revisions: zset, record id -> its latest revision
  KEYS[3]  records: hash, record id -> JSON
  ARGV[1]  source that the publisher has found in the state, or ''
  ARGV[2]  new source, if these are all records and replace what is there; '' if they are changes
  ARGV[3]  revision after which the changes come     ARGV[4]  revision of the database
  ARGV[5]  time to keep everything (ms)
  ARGV[6]  id of a record, then its revision and its JSON, and so on for each record
  Returns  1; 0 if the state has changed meanwhile: read it again
]]
local state, revisions, records = KEYS[1], KEYS[2], KEYS[3]
local found, new_source, since, revision, keep_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]

local current = redis.call('HMGET', state, 'source', 'revision')
local source, present = current[1] or '', tonumber(current[2] or 0)
if source ~= found then return 0 end
if new_source ~= '' then
  redis.call('DEL', revisions, records)
  redis.call('HSET', state, 'source', new_source, 'revision', revision)
else
  if source == '' or present < since then return 0 end
  redis.call('HSET', state, 'revision', math.max(present, revision))
end
for at = 6, #ARGV, 3 do
  local id, changed, record = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2]
  if changed > tonumber(redis.call('ZSCORE', revisions, id) or 0) then
    redis.call('ZADD', revisions, changed, id)
    redis.call('HSET', records, id, record)
  end
end
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, keep_ms) end
return 1
