-- Finds sessions.
-- KEYS: leases, sessions
-- ARGV: for each session: its id
-- Returns for each session, in this order: nil when it does not exist, or {sessionId, line, url, leaseLeftMs}.
-- @include leases
-- @include sessions
-- @include placed

local at = now()
local found = {}
for n, sessionId in ipairs(ARGV) do
  local line = redis.call("HGET", key["sessions"], sessionId)
  found[n] = line and placed(sessionId, line, at)
end
return found
