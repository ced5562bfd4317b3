--[[
  Stores an access token in place of the one that its renewer began with, and ends the lease. Changes nothing if
  another token was stored meanwhile: a renewer that exceeds its lease must not undo its successor's work. If Redis has
  lost the previous token, stores this one unconditionally.

  KEYS[1]  token: hash as in consult-1.lua
  ARGV[1]  version that it replaces, or '' for none   ARGV[2]  its own version   ARGV[3]  token, sealed
  ARGV[4]  time to renew it (ms, Redis clock)         ARGV[5]  its expiry (ms; 0: unknown)
  ARGV[6]  time until which to keep it (ms)
  Returns  1 stored, 0 not stored
]]
local token = KEYS[1]
local replaced, version, sealed = ARGV[1], ARGV[2], ARGV[3]
local renew_at, expires_at, keep_until = ARGV[4], ARGV[5], ARGV[6]

local current = redis.call('HGET', token, 'version')
if current and current ~= replaced then return 0 end
redis.call('DEL', token)
redis.call('HSET', token, 'version', version, 'sealed', sealed, 'renew_at', renew_at, 'expires_at', expires_at)
redis.call('PEXPIREAT', token, keep_until)
return 1
