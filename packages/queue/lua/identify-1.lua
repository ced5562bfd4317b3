--[[
  Tells which server holds a shard.

  KEYS[1]  any key of the shard
  Returns  id of this server: another one after a restart or a fail-over
]]
--@include server-id
redis.call('EXISTS', KEYS[1])
return server_id()
