-- Finds a room's home. A new room belongs on the node with the fewest sessions. If that is the node that asks, the script
-- makes it the home. If the room's entry is lost and a lease holds sessions in the room, the script writes the entry again.
-- KEYS: epoch, leases, rooms, rooms-by-lease, sessions, sessions-by-lease, sessions-by-room
-- ARGV: lease, roomId
-- Returns {"no_lease"}, {"here", epoch}, {"elsewhere", nodeId, url} or {"unplaced"}.
-- @include lex
-- @include leases
-- @include sessions
-- @include placing
-- @include home
-- @include epochs

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

-- The session that wants to enter the room counts for this node already, so the script subtracts 1.
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

local home, isLost = homeOf(roomId)
if home and home.nodeId ~= lease.nodeId then
  if isLost then
    placeRoom(roomId, home.id)
  end
  return sendTo(home)
end
-- This node keeps a room that it held under an earlier lease.
local best = home and lease or bestHome()
if not best then
  return { "unplaced" }
end
if best.id ~= lease.id then
  return sendTo(best)
end
placeRoom(roomId, lease.id)
return { "here", roomEpoch(at) }
