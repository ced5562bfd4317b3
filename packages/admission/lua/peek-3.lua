--[[
  Reports whether the client key's own limits would refuse a request, before its body has arrived. Changes nothing and
  reserves nothing: `acquire-10` decides whether the request runs.

  KEYS[1]  leases of the client key: zset, request id -> expiry (ms, Redis clock); includes waiters
  KEYS[2]  requests of the client key: theoretical arrival time of the GCRA (ms, Redis clock)
  KEYS[3]  tokens of the client key: likewise
  ARGV[1]  requests of the key whose bodies the caller is reading
  ARGV[2]  key's limit (0 none)
  ARGV[3]  requests per minute (0 none)  ARGV[4]  burst of requests
  ARGV[5]  tokens per minute (0 none)    ARGV[6]  burst of tokens
  Returns  {reason, retry after (ms), requests left, ms until full, tokens left, ms until full}
           reason '' (none) | 'concurrency' | 'requests' | 'tokens'; requests or tokens left are -1 without a limit
]]
local key_leases, request_rate, token_rate = KEYS[1], KEYS[2], KEYS[3]
local reading, key_limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local rpm, rpm_burst, tpm, tpm_burst = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local time = redis.call('TIME')
local now = math.floor((time[1] * 1000000 + time[2]) / 1000)

--@include longest-debt

-- Returns the ms until one more fits (0: now), the unused part of the burst, and the ms until it is full.
local function read_rate(key, per_minute, burst)
  if per_minute == 0 then return 0, -1, 0 end
  local interval = 60000 / per_minute
  local stored = tonumber(redis.call('GET', key) or 0) - now
  local debt = math.max(math.min(stored, math.max(interval * burst, longest_debt_ms)), 0)
  local left = math.max(0, math.floor((interval * burst - debt) / interval + 1e-6))
  return math.max(0, math.ceil(debt + interval - interval * burst)), left, math.ceil(debt)
end

local requests_wait, requests_left, requests_full = read_rate(request_rate, rpm, rpm_burst)
local tokens_wait, tokens_left, tokens_full = read_rate(token_rate, tpm, tpm_burst)
local reason, retry_ms = '', 0
if key_limit > 0 and redis.call('ZCOUNT', key_leases, '(' .. now, '+inf') + reading >= key_limit then
  reason, retry_ms = 'concurrency', 1000
elseif requests_wait > 0 then
  reason, retry_ms = 'requests', requests_wait
elseif tokens_wait > 0 then
  reason, retry_ms = 'tokens', tokens_wait
end
return { reason, retry_ms, requests_left, requests_full, tokens_left, tokens_full }
