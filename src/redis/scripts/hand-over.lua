-- Gives a room with all its sessions, or one session that is in no room, to another node.
-- KEYS: leases, rooms, rooms-by-lease, sessions, sessions-by-lease, sessions-by-room
-- ARGV: lease, "room" or "session", its id, nodeId of the receiver
-- Returns {"no_lease"}, {"handed"} or {"refused"}.
-- @include lex
-- @include leases
-- @include sessions
-- @include placing
-- @include moving

local lease = validLease(ARGV[1])
if not lease then
  return { "no_lease" }
end
local receiver
for _, latest in ipairs(latestLeases()) do
  if latest.nodeId == ARGV[4] then
    receiver = latest
  end
end
if not receiver or receiver.id == lease.id or isExpired(receiver, now()) then
  return { "refused" }
end
if ARGV[2] == "room" then
  if redis.call("HGET", key["rooms"], ARGV[3]) ~= lease.id then
    return { "refused" }
  end
  moveRoom(ARGV[3], lease.id, receiver.id, {})
  return { "handed" }
end
local session = findSession(ARGV[3])
if not session or session.lease ~= lease.id then
  return { "refused" }
end
moveSession(session, receiver.id)
return { "handed" }
