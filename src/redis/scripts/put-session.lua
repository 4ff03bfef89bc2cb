-- Writes a session's entry: the session is held under this lease.
-- KEYS: leases, loads, sessions, sessions-by-lease, sessions-by-room, sessions-by-user
-- ARGV: lease, sessionId, epoch, userId, roomId (or empty), body
-- Returns {"no_lease"}, {"stored"} or {"fenced", epoch}.
-- @include lex
-- @include leases
-- @include sessions
-- @include loads
-- @include holding

local lease = validLease(ARGV[1])
if not lease then
  return { "no_lease" }
end
local epoch = tonumber(ARGV[3])
local previous = findSession(ARGV[2])
local fence = fenceOf(previous, epoch, lease.nodeId)
if fence then
  return { "fenced", fence }
end
saveSession({ id = ARGV[2], epoch = epoch, lease = lease.id, user = ARGV[4], room = ARGV[5], body = ARGV[6] }, previous)
writeLoads()
return { "stored" }
