-- Included by the scripts beside it. Needs the locals: now, lease_ms, fleet_limit, fleet_leases, room, vouched,
-- waiters, turns, crowd, mailbox_prefix. Derives three more key names, all with the hash tag of all admission keys: the
-- mailbox of a waiter's ingress; the leases of a waiter's client key, `<leases of the fleet>:<key id>`; and
-- `<waiting room>:unserved`, a set of the requests that left the room without their ingress, for `settle-lost`.
-- Returns true if the request had no lease before.
local function lease(key, id)
  local added = redis.call('ZADD', key, now + lease_ms, id)
  redis.call('PEXPIRE', key, lease_ms * 2)
  return added == 1
end

-- Creates the functions of the waiting room, only when a request waits: most requests find the room empty, and
-- creating the functions would take a tenth of each such request's time.
local function waiting_room()
  -- Returns false if the ingress has no mailbox any more: the ingress and its clients' connections are gone.
  local function tell(ingress, id, what)
    return redis.call('XADD', mailbox_prefix .. ingress, 'NOMKSTREAM', '*', 'f', id .. ' 0 0 ' .. what .. ' 0\n')
  end

  -- Returns nil unless the request waits. A displaced request stays recorded as '-' until its release.
  local function read_waiter(id)
    local record = redis.call('HGET', waiters, id)
    if not record then return nil end
    local key_id, arrival, cost, share, ingress = string.match(record, '^(%S+) (%d+) (%S+) (%d+) (%S+)$')
    if not key_id then return nil end
    return { id = id, key_id = key_id, place = key_id .. ' ' .. arrival .. ' ' .. id, cost = tonumber(cost),
             share = tonumber(share), ingress = ingress }
  end

  local function leave_line(waiter)
    redis.call('ZREM', room, waiter.place)
    if tonumber(redis.call('ZINCRBY', crowd, -1, waiter.key_id)) <= 0 then redis.call('ZREM', crowd, waiter.key_id) end
  end

  -- Returns 1 if the request was waiting or displaced, else 0.
  local function leave(id)
    local waiter = read_waiter(id)
    if waiter then leave_line(waiter) end
    redis.call('ZREM', vouched, id)
    return redis.call('HDEL', waiters, id)
  end

  -- Removes a waiter whose ingress is gone. It has cost nothing, which `settle-lost` must know.
  local function drop(id)
    leave(id)
    redis.call('SADD', room .. ':unserved', id)
    redis.call('PEXPIRE', room .. ':unserved', lease_ms * 4)
  end

  -- Returns this key's first waiter (ZRANGEBYLEX) or last waiter (ZREVRANGEBYLEX), or nil.
  local function end_of_line(command, key_id)
    local from, to = '[' .. key_id .. ' ', '(' .. key_id .. '!'
    if command == 'ZREVRANGEBYLEX' then from, to = to, from end
    local place = redis.call(command, room, from, to, 'LIMIT', 0, 1)[1]
    return place and read_waiter(string.match(place, '%S+$'))
  end

  local function runs_its_share(waiter)
    if waiter.share == 0 then return false end
    return redis.call('ZCOUNT', fleet_leases .. ':' .. waiter.key_id, '(' .. now, '+inf') >= waiter.share
  end

  -- Returns the waiter whose turn it is and the turn of its key, or nil if no waiter may run. Visits each key once.
  local function next_in_turn()
    local absent, passed_over = {}, {}
    local at = 0
    while true do
      local entry = redis.call('ZRANGE', turns, at, at, 'WITHSCORES')
      local key_id, turn = entry[1], tonumber(entry[2])
      if not key_id then return nil end
      local waiter = end_of_line('ZRANGEBYLEX', key_id)
      if not waiter then
        absent[#absent + 1] = key_id
      elseif runs_its_share(waiter) then
        passed_over[#passed_over + 1] = key_id
      else
        -- Absent keys and keys that run their full share save up no turns: they move up to this turn.
        for _, each in ipairs(absent) do redis.call('ZREM', turns, each) end
        for _, each in ipairs(passed_over) do redis.call('ZADD', turns, turn, each) end
        return waiter, turn
      end
      at = at + 1
    end
  end

  -- Gives free leases to waiters, key by key in turn and first come, first served within a key, and notifies their
  -- ingress in the same step.
  local function hand_over()
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', vouched, '-inf', now)) do drop(id) end
    while redis.call('ZCARD', fleet_leases) < fleet_limit do
      local waiter, turn = next_in_turn()
      if not waiter then return end
      if not tell(waiter.ingress, waiter.id, 'admitted') then
        drop(waiter.id)
      else
        leave(waiter.id)
        lease(fleet_leases, waiter.id)
        if waiter.share > 0 then lease(fleet_leases .. ':' .. waiter.key_id, waiter.id) end
        redis.call('ZADD', turns, turn + waiter.cost, waiter.key_id)
      end
    end
  end

  local function keep()
    for _, key in ipairs({ room, vouched, waiters, turns, crowd }) do redis.call('PEXPIRE', key, lease_ms * 2) end
  end

  return { tell = tell, read = read_waiter, leave_line = leave_line, leave = leave, end_of_line = end_of_line,
           hand_over = hand_over, keep = keep }
end

-- Removes the leases of crashed ingresses, then hands over the free ones. Returns the room, or nil if it was empty.
local function hand_over()
  redis.call('ZREMRANGEBYSCORE', fleet_leases, '-inf', now)
  if redis.call('EXISTS', room) == 0 then return nil end
  local here = waiting_room()
  here.hand_over()
  return here
end
