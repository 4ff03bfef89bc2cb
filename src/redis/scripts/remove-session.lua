-- Removes a session.
-- KEYS: leases, loads, sessions, sessions-by-lease, sessions-by-room, sessions-by-user
-- ARGV: lease, sessionId, epoch
-- Returns {"no_lease"}, {"removed"}, {"gone"} or {"fenced", epoch}.
-- @include lex
-- @include leases
-- @include sessions
-- @include loads
-- @include holding

local lease = validLease(ARGV[1])
if not lease then
  return { "no_lease" }
end
local session = findSession(ARGV[2])
if not session then
  return { "gone" }
end
local fence = fenceOf(session, tonumber(ARGV[3]), lease.nodeId)
if fence then
  return { "fenced", fence }
end
dropSession(session)
writeLoads()
return { "removed" }
