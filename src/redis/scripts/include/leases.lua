-- Leases. The hash `leases` has each lease under "nodeId@epoch" (`src/ports/lease-id.ts`), as the line
-- "endsAt claimed draining sent url". endsAt is in milliseconds of Redis's own clock. claimed and draining are 0 or 1.
-- The url is empty when the node has none. `lease-ends` has each lease by its end.

local function now()
  local time = redis.call("TIME")
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function parseLease(id, line)
  local endsAt, claimed, draining, sent, url = string.match(line, "^(%d+) ([01]) ([01]) (%d+) (.*)$")
  local nodeId, epoch = string.match(id, "^(.*)@(%d+)$")
  return {
    id = id,
    nodeId = nodeId,
    epoch = tonumber(epoch),
    endsAt = tonumber(endsAt),
    claimed = claimed == "1",
    draining = draining == "1",
    sent = tonumber(sent),
    url = url,
  }
end

local function saveLease(lease)
  local line = string.format("%.0f %d %d %.0f %s", lease.endsAt, lease.claimed and 1 or 0, lease.draining and 1 or 0,
    lease.sent, lease.url)
  redis.call("HSET", key["leases"], lease.id, line)
  redis.call("ZADD", key["lease-ends"], string.format("%.0f", lease.endsAt), lease.id)
end

local function findLease(id)
  local line = redis.call("HGET", key["leases"], id)
  return line and parseLease(id, line)
end

-- Finds the lease under which a node acts. Returns nil when Redis does not have the lease or another node has claimed it.
local function validLease(id)
  local lease = findLease(id)
  if lease and not lease.claimed then
    return lease
  end
end

local function isExpired(lease, at)
  return lease.endsAt <= at
end

-- The leases of all nodes, oldest first.
local function allLeases()
  local found = redis.call("HGETALL", key["leases"])
  local leases = {}
  for n = 1, #found, 2 do
    leases[#leases + 1] = parseLease(found[n], found[n + 1])
  end
  table.sort(leases, function(a, b) return a.epoch < b.epoch end)
  return leases
end

-- The latest lease of each node, oldest first.
local function latestLeases()
  local seen = {}
  local latest = {}
  local leases = allLeases()
  for n = #leases, 1, -1 do
    if not seen[leases[n].nodeId] then
      seen[leases[n].nodeId] = true
      table.insert(latest, 1, leases[n])
    end
  end
  return latest
end
