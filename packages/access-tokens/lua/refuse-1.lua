--[[
  Marks an access token as refused by the provider, if it is still the current one.

  KEYS[1]  token: hash as in consult-1.lua
  ARGV[1]  version of the refused token
  Returns  1 if it was still the current token, else 0
]]
local token = KEYS[1]
local version = ARGV[1]

if redis.call('HGET', token, 'version') ~= version then return 0 end
redis.call('HSET', token, 'refused', '1')
return 1
