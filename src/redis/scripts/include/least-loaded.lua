-- Finds the node with the fewest sessions that can take a new room.

-- So many leases are read at a time. Nearly always the first one can take the room.
local PAGE = 10

local function canTake(other, lease, at)
  return other and other.nodeId ~= lease.nodeId and takesRooms(other) and not isExpired(other, at)
end

-- Reads the index from its smallest number on.
local function firstOfLoads(lease, below, at)
  local most = below == math.huge and "(+inf" or string.format("(%.0f", below)
  local from = 0
  repeat
    local page = redis.call("ZRANGEBYSCORE", key["loads"], "-inf", most, "LIMIT", from, PAGE)
    for _, id in ipairs(page) do
      local other = findLease(id)
      if canTake(other, lease, at) then
        return other
      end
    end
    from = from + PAGE
  until #page < PAGE
end

-- Counts the sessions of all leases.
local function fewestOfAll(lease, below, at)
  local best
  for _, other in ipairs(latestLeases()) do
    local load = canTake(other, lease, at) and countOwned("sessions-by-lease", other.id)
    if load and load < below then
      best, below = other, load
    end
  end
  return best
end

-- Returns the lease of another node with the fewest sessions, if that are fewer than `below`; nil when there is none.
local function leastLoaded(lease, below, at)
  local find = isIndexed("loads", lease.id) and firstOfLoads or fewestOfAll
  return find(lease, below, at)
end
