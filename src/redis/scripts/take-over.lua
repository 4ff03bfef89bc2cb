-- Moves entries from a lease that has run out to another lease: first rooms, each with all its sessions, then sessions that
-- are in no room. The first call claims the lease that has run out. If its node comes back, the scripts refuse this lease.
-- KEYS: epoch, leases, lease-ends, lease-news, loads, rooms, rooms-by-lease, sessions, sessions-by-lease, sessions-by-room, sessions-by-user, blocked-callers, blocked-callers-copy, calls-by-end, calls-over, rings-by-start, blocks-by-end, node-names, followed-by-lease, followers, messages-by-lease
-- ARGV: lease, lease to take over, most
-- Returns {"no_lease"}, {"alive"} or {"taken", more, {sessionId, line}, ...}.
-- @include lex
-- @include leases
-- @include lease-news
-- @include loads
-- @include marks
-- @include following
-- @include emptied
-- @include sessions
-- @include placing
-- @include epochs
-- @include moving
-- @include names

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
redis.call("ZREM", key["loads"], dead.id)

local moved = {}

-- Moves a session. The index of the rooms, or that of the sessions in rooms, is lost when the session is in a room: all
-- people of the room go to one node. A node that gets a session in this way finds it when it compares its counts.
local function takeSession(session)
  local home = session.room ~= "" and findLease(redis.call("HGET", key["rooms"], session.room) or "")
  if home and home.id ~= dead.id and not home.claimed then
    local taken = moveSession(session, home.id)
    moved[#moved + 1] = home.id == lease.id and taken or nil
    return
  end
  if session.room ~= "" then
    placeRoom(session.room, lease.id)
  end
  moved[#moved + 1] = moveSession(session, lease.id)
end

local most = tonumber(ARGV[3])
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
    takeSession(session)
  end
end

writeLoads()
announce(lease.id, now())
local isEmpty = forgetIfEmpty(dead.id)
if isEmpty then
  forgetNameIfOver(dead.nodeId, now())
end
local taken = { "taken", isEmpty and 0 or 1 }
for _, session in ipairs(moved) do
  taken[#taken + 1] = { session.id, formatSession(session) }
end
return taken
