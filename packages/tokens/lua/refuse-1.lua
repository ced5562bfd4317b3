--[[
  Notes that the provider does not take a token any more, if it is still the one in use.

  KEYS[1]  token: hash as in consult-1.lua
  ARGV[1]  version of the token that was refused
  Returns  1 when it was still in use, else 0
]]
local token = KEYS[1]
local version = ARGV[1]

if redis.call('HGET', token, 'version') ~= version then return 0 end
redis.call('HSET', token, 'refused', '1')
return 1
