-- Finds out whether Redis has lost a hash, and mends what is in other keys as well. The nodes write the rest again.

-- How many entries are looked at. A key that is lost lacks nearly all of them.
local SAMPLE = 20

-- Whether the record of one of the first members of this lease is gone. `isThere` tells it of a member.
local function isRecordLost(index, leaseId, isThere)
  for _, member in ipairs(owned(index, leaseId, SAMPLE)) do
    if not isThere(member) then
      return true
    end
  end
  return false
end

-- The calls and their indexes. Calls that are lost come back with the next `call-hold`; those that rang are over.
local function mendCalls(lost)
  local calls = redis.call("HLEN", key["calls"])
  local areLost = calls < countTimes("calls-by-end")
  local ofUsers = redis.call("HLEN", key["calls-by-user"])
  local isOfUsersLost = false
  for _, id in ipairs(redis.call("ZRANGEBYSCORE", key["calls-by-end"], "-inf", "(+inf", "LIMIT", 0, SAMPLE)) do
    local call = findCall(id)
    isOfUsersLost = isOfUsersLost or (call and not redis.call("HGET", key["calls-by-user"], call.caller))
  end
  lost["calls"] = areLost or lost["calls"]
  lost["calls-by-user"] = isOfUsersLost or lost["calls-by-user"]
  if areLost or ofUsers > 2 * calls then
    local found = redis.call("HGETALL", key["calls-by-user"])
    for n = 1, #found, 2 do
      if redis.call("HEXISTS", key["calls"], found[n + 1]) == 0 then
        redis.call("HDEL", key["calls-by-user"], found[n])
      end
    end
    for _, id in ipairs(redis.call("ZRANGEBYSCORE", key["calls-by-end"], "-inf", "(+inf")) do
      if redis.call("HEXISTS", key["calls"], id) == 0 then
        redis.call("ZREM", key["calls-by-end"], id)
      end
    end
  end
  if lost["calls-by-user"] or lost["calls-by-end"] then
    local found = redis.call("HGETALL", key["calls"])
    for n = 1, #found, 2 do
      saveCall(parseCall(found[n], found[n + 1]))
    end
  end
end

-- How often users were rung begins anew when one of the two keys is lost.
local function mendRings(lost)
  local rung, started = redis.call("HLEN", key["rings"]), countTimes("rings-by-start")
  lost["rings"] = rung < started or lost["rings"]
  if rung ~= started then
    redis.call("DEL", key["rings"])
    redis.call("ZREMRANGEBYSCORE", key["rings-by-start"], "-inf", "(+inf")
  end
end

-- The list of blocks gets another generation. So each node sees that changes are lost, and adds the blocks that it knows.
local function mendBlocks(lost, at)
  local blocks, ends = redis.call("HLEN", key["blocks"]), countTimes("blocks-by-end")
  lost["blocks"] = blocks < ends or lost["blocks"]
  lost["blocks-state"] = (blocks > 0 and redis.call("HEXISTS", key["blocks-state"], "generation") == 0)
    or lost["blocks-state"]
  if blocks > ends then
    local found = redis.call("HGETALL", key["blocks"])
    for n = 1, #found, 2 do
      redis.call("ZADD", key["blocks-by-end"], string.match(found[n + 1], "^%d+ (%d+) "), found[n])
    end
  elseif blocks < ends then
    for _, target in ipairs(redis.call("ZRANGEBYSCORE", key["blocks-by-end"], "-inf", "(+inf")) do
      if redis.call("HEXISTS", key["blocks"], target) == 0 then
        redis.call("ZREM", key["blocks-by-end"], target)
      end
    end
  end
  if lost["blocks"] or lost["blocks-state"] then
    redis.call("HSET", key["blocks-state"], "generation", string.format("%.0f", at), "number", 0)
  end
end

-- Nobody but Redis knows whom the users have blocked. So there is a copy.
local function mendBlockedCallers(lost)
  if lost["blocked-callers"] or lost["blocked-callers-copy"] then
    redis.call("ZUNIONSTORE", key["blocked-callers"], 2, key["blocked-callers"], key["blocked-callers-copy"])
  end
  -- Nodes of earlier versions do not write the copy.
  if redis.call("ZCARD", key["blocked-callers"]) ~= redis.call("ZCARD", key["blocked-callers-copy"]) then
    redis.call("ZUNIONSTORE", key["blocked-callers-copy"], 1, key["blocked-callers"])
  end
end

-- A run and its undelivered events come and go together.
local function findLostRuns(lost)
  local count = redis.call("HLEN", key["event-runs"])
  if count > SAMPLE then
    lost["undelivered-events"] = #ownersOf("undelivered-events", SAMPLE) < SAMPLE or lost["undelivered-events"]
  end
  local found = count > SAMPLE and {} or redis.call("HGETALL", key["event-runs"])
  for n = 1, #found, 2 do
    lost["undelivered-events"] = countOwned("undelivered-events", found[n]) == 0 or lost["undelivered-events"]
  end
  for _, run in ipairs(ownersOf("undelivered-events", SAMPLE)) do
    lost["event-runs"] = redis.call("HEXISTS", key["event-runs"], run) == 0 or lost["event-runs"]
  end
end

-- The two numbers.
local function mendNumbers(lost, lease, at)
  if not redis.call("GET", key["epoch"]) then
    lost["epoch"] = true
    redis.call("SET", key["epoch"], string.format("%.0f", math.max(lease.epoch, at)))
  end
  if not redis.call("GET", key["renewed-at"]) then
    lost["renewed-at"] = true
    redis.call("SET", key["renewed-at"], string.format("%.0f", at))
  end
end

-- A lease that has a mark and is gone from the hash was lost. It comes back as one that another node has claimed and that
-- ends soon. Until then its node writes its entries under a new lease, and then the other nodes take over what is left.
local function mendLeases(lost, at, leaseMs)
  local count = redis.call("HLEN", key["leases"])
  if countOwned("sessions-by-lease", "") <= count and countTimes("lease-ends") == count then
    return
  end
  for _, id in ipairs(owned("sessions-by-lease", "", -1)) do
    local nodeId, epoch = string.match(id, "^(.*)@(%d+)$")
    if nodeId and redis.call("HEXISTS", key["leases"], id) == 0 then
      lost["leases"] = true
      saveLease({ id = id, nodeId = nodeId, epoch = tonumber(epoch), endsAt = at + leaseMs, claimed = true,
        draining = true, sent = 0, url = "" })
    end
  end
end

-- Whether Redis has lost an index of the leases, as a look that has just set the mark of its own lease sees it. The first look
-- of a lease cannot miss its own mark. So it asks whether others have looked before it and have no mark here.
local function isLeaseIndexLost(name)
  return redis.call("ZCOUNT", key[name], "+inf", "+inf") == 1 and countOwned("sessions-by-lease", "") > 1
end

-- All leases have their marks in an index. Only one that has begun since the last look has none yet. Whoever finds an index
-- lost writes the marks of all leases, and no other look can find the loss after that: so this look tells it.
local function mendLeaseIndexes(lost, unmarked, at)
  -- A node of an earlier version writes leases without the indexes.
  local isStale = lost["leases"] or countTimes("lease-ends") ~= redis.call("HLEN", key["leases"])
  local areWritten = (tonumber(redis.call("GET", key["format"])) or 1) >= 2
  for _, name in ipairs(unmarked) do
    for _, index in ipairs(leaseIndexes) do
      if name == index then
        lost[name] = lost[name] or (areWritten and isLeaseIndexLost(name))
        isStale = isStale or lost[name] or redis.call("ZCOUNT", key[name], "+inf", "+inf") == 1
      end
    end
  end
  if isStale then
    indexLeases(at)
  end
end
