-- Finds a room's home. A new room belongs on the node with the fewest sessions. If that is the node that asks, the script
-- makes it the home. If the room's entry is lost and a lease holds sessions in the room, the script writes the entry again.
-- With "preview" it makes nobody the home.
-- KEYS: epoch, format, leases, lease-news, loads, rooms, rooms-by-lease, sessions, sessions-by-lease, sessions-by-room
-- ARGV: lease, roomId, "claim" or "preview"
-- Returns {"no_lease"}, {"here", epoch (0 for a preview)}, {"elsewhere", nodeId, url} or {"unplaced"}.
-- @include lex
-- @include leases
-- @include lease-news
-- @include loads
-- @include lease-indexes
-- @include least-loaded
-- @include sessions
-- @include placing
-- @include home
-- @include epochs

local lease = validLease(ARGV[1])
if not lease then
  return { "no_lease" }
end
local roomId = ARGV[2]
local isClaim = ARGV[3] == "claim"
local at = now()

local function sendTo(home)
  if home.url == "" or isExpired(home, at) then
    return { "unplaced" }
  end
  return { "elsewhere", home.nodeId, home.url }
end

-- A session that wants to enter the room counts for this node already, so the script subtracts 1. A preview is for a session
-- that has not begun.
local function bestHome()
  local ownLoad = countOwned("sessions-by-lease", lease.id) - (isClaim and 1 or 0)
  local other = leastLoaded(lease, lease.draining and math.huge or ownLoad, at)
  return other or not lease.draining and lease or nil
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
if not isClaim then
  return { "here", 0 }
end
placeRoom(roomId, lease.id)
return { "here", freshEpoch(at) }
