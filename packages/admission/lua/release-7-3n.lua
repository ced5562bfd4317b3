--[[
  Ends requests, running or waiting: removes their leases or their entries in the waiting room, corrects their rates,
  and hands the freed leases to the next waiters. Safe to repeat; the corrections count once. For requests without a team,
  a budget and a ledger entry; `release-10-3n` ends the others.

  KEYS[1]  leases of the fleet: zset, request id -> expiry (ms, Redis clock)
  KEYS[2]  waiting room: zset, all scores 0, `<key id> <arrival (µs, 16 digits)> <request id>`: one queue per key
  KEYS[3]  vouched waiters: zset, request id -> time until which its ingress vouches for it (ms)
  KEYS[4]  waiters: hash, request id -> `<key id> <arrival> <cost> <share> <ingress id>`, or `-` after displacement
  KEYS[5]  turns: zset, key id -> tokens per weight at which its next waiter runs; lowest first
  KEYS[6]  crowd: zset, key id -> number of its waiters
  KEYS[7]  name prefix of the ingresses' admission mailboxes (streams with this hash tag); the ingress id follows
  KEYS[8]  leases of the client key: zset, request id -> expiry (ms, Redis clock)
  KEYS[9]  requests of the client key: theoretical arrival time of the GCRA (ms, Redis clock)
  KEYS[10] tokens of the client key: likewise; the last three again for each further request
  ARGV[1]  lease length (ms)                 ARGV[2]  fleet's limit
  ARGV[3]  request id; the last seven again for each further request, at most 50, to bound the time in Redis
  ARGV[4]  requests per minute (0 none)      ARGV[5]  requests to add, negative gives back
  ARGV[6]  tokens per minute (0 none)        ARGV[7]  tokens to add, negative gives back
  ARGV[8]  key id                            ARGV[9]  tokens per weight to add to the key's turn; 0 if it did not wait
  Returns  for each request, in the same order: 1 if it was known; 0 if it had ended or expired before, and nothing was
           corrected
]]
local fleet_leases, room, vouched, waiters, turns, crowd, mailbox_prefix =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local lease_ms, fleet_limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local common_keys, keys_each, common_args, args_each = 7, 3, 2, 7

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

--@include longest-debt

--@include hand-over

--@include end-request

local reply = {}
for at = 0, (#KEYS - common_keys) / keys_each - 1 do
  reply[at + 1] = release(common_keys + at * keys_each + 1, common_args + at * args_each + 1)
end
hand_over()
return reply
