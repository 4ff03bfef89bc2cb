-- Removes a session. Every epoch that is given from now on is greater than the one under which it was removed: the backend may have been
-- told the end under that one.
-- KEYS: epoch, leases, loads, sessions, sessions-by-lease, sessions-by-room, sessions-by-user
-- ARGV: lease, sessionId, epoch
-- Returns {"no_lease"}, {"removed"}, {"gone"} or {"fenced", epoch}.
-- @include lex
-- @include leases
-- @include sessions
-- @include loads
-- @include holding
-- @include epochs

local lease = validLease(ARGV[1])
if not lease then
  return { "no_lease" }
end
local epoch = tonumber(ARGV[3])
local session = findSession(ARGV[2])
local fence = fenceOf(session, epoch, lease.nodeId)
if fence then
  return { "fenced", fence }
end
passEpoch(epoch)
if not session then
  -- Its line is perhaps none of a session.
  redis.call("HDEL", key["sessions"], ARGV[2])
  return { "gone" }
end
dropSession(session)
writeLoads()
return { "removed" }
