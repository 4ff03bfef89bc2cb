-- Finds a room's home, or makes a node the home of a room that has none: the one with the fewest sessions.
-- KEYS: leases, rooms, rooms-by-lease, sessions, sessions-by-lease, sessions-by-room
-- ARGV: lease, roomId
-- Returns {"no_lease"}, {"here"}, {"elsewhere", nodeId, url} or {"unplaced"}.
-- @include lex
-- @include leases
-- @include sessions
-- @include moving

local lease = validLease(ARGV[1])
if not lease then
  return { "no_lease" }
end
local roomId = ARGV[2]
local at = now()

local function sendTo(home)
  if home.url == "" or isExpired(home, at) then
    return { "unplaced" }
  end
  return { "elsewhere", home.nodeId, home.url }
end

-- The session that asks is counted with this node, and is not to be.
local function bestHome()
  local best = not lease.draining and lease or nil
  local least = best and countOwned("sessions-by-lease", lease.id) - 1 or math.huge
  for _, other in ipairs(latestLeases()) do
    local eligible = other.nodeId ~= lease.nodeId and other.url ~= "" and not other.draining and not isExpired(other, at)
    local load = eligible and countOwned("sessions-by-lease", other.id)
    if load and load < least then
      best = other
      least = load
    end
  end
  return best
end

-- A lease that is not known belongs to nobody who could take the room over: as if the room were new.
local home = findLease(redis.call("HGET", key["rooms"], roomId) or "")
if home and home.id == lease.id then
  return { "here" }
end
if home and home.nodeId ~= lease.nodeId then
  return sendTo(home)
end
local best = home and lease or bestHome()
if not best then
  return { "unplaced" }
end
if best.id ~= lease.id then
  return sendTo(best)
end
settleRoom(roomId, lease.id)
return { "here" }
