-- Moves entries from a lease that has run out to another lease: first rooms, each with all its sessions, then sessions that
-- are in no room. The first call claims the lease that has run out. If its node comes back, the scripts refuse this lease.
-- KEYS: leases, rooms, rooms-by-lease, sessions, sessions-by-lease, sessions-by-room
-- ARGV: lease, lease to take over, most
-- Returns {"no_lease"}, {"alive"} or {"taken", more, {sessionId, line}, ...}.
-- @include lex
-- @include leases
-- @include emptied
-- @include sessions
-- @include placing
-- @include moving

local lease = validLease(ARGV[1])
if not lease then
  return { "no_lease" }
end
local dead = findLease(ARGV[2])
if not dead then
  return { "taken", 0 }
end
if dead.id == lease.id or not (dead.claimed or isExpired(dead, now())) then
  return { "alive" }
end
dead.claimed = true
saveLease(dead)

local most = tonumber(ARGV[3])
local moved = {}
local rooms
repeat
  rooms = owned("rooms-by-lease", dead.id, 1)
  if rooms[1] and #moved < most then
    moveRoom(rooms[1], dead.id, lease.id, moved)
  end
until not rooms[1] or #moved >= most
for _, sessionId in ipairs(owned("sessions-by-lease", dead.id, math.max(most - #moved, 0))) do
  local session = findSession(sessionId)
  disown("sessions-by-lease", dead.id, sessionId)
  if session and session.lease == dead.id then
    moved[#moved + 1] = moveSession(session, lease.id)
  end
end

local taken = { "taken", forgetIfEmpty(dead.id) and 0 or 1 }
for _, session in ipairs(moved) do
  taken[#taken + 1] = { session.id, formatSession(session) }
end
return taken
