--[[
  Returns the id of the server that holds a shard.

  KEYS[1]  any key of the shard
  Returns  id of this server; a restart or a failover changes it
]]
--@include server-id
redis.call('EXISTS', KEYS[1])
return server_id()
