-- Gives rooms, each with all its sessions, and sessions that are in no room to another node.
-- KEYS: epoch, leases, lease-news, loads, rooms, rooms-by-lease, sessions, sessions-by-lease, sessions-by-room
-- ARGV: lease, nodeId of the receiver, and for each thing to give: "room" or "session", its id
-- Returns {"no_lease"}, {"refused"}, or {"handed", {sessionId, ...}, {position, ...}}: the sessions that moved, and the positions
-- of the things that this node does not hold. The first thing has the position 1.
-- @include lex
-- @include leases
-- @include lease-news
-- @include loads
-- @include sessions
-- @include placing
-- @include epochs
-- @include moving

local lease = validLease(ARGV[1])
if not lease then
  return { "no_lease" }
end
local receiver
for _, latest in ipairs(latestLeases()) do
  if latest.nodeId == ARGV[2] then
    receiver = latest
  end
end
if not receiver or receiver.id == lease.id or isExpired(receiver, now()) then
  return { "refused" }
end

local moved = {}
local refused = {}

local function give(kind, id)
  if kind == "room" then
    local isHeld = redis.call("HGET", key["rooms"], id) == lease.id
    if isHeld then
      moveRoom(id, lease.id, receiver.id, moved)
    end
    return isHeld
  end
  local session = findSession(id)
  if not session or session.lease ~= lease.id then
    return false
  end
  moved[#moved + 1] = moveSession(session, receiver.id)
  return true
end

for n = 3, #ARGV, 2 do
  if not give(ARGV[n], ARGV[n + 1]) then
    refused[#refused + 1] = (n - 1) / 2
  end
end
writeLoads()
announce(receiver.id, now())
for n, session in ipairs(moved) do
  moved[n] = session.id
end
return { "handed", moved, refused }
