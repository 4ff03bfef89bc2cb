-- Finds the sessions of a user. Removes an index entry whose session is gone, or whose line no node wrote.
-- KEYS: leases, sessions, sessions-by-user
-- ARGV: userId
-- Returns {{sessionId, line, url, leaseLeftMs}, ...}.
-- @include lex
-- @include leases
-- @include sessions
-- @include placed

local at = now()
local found = {}
for _, sessionId in ipairs(owned("sessions-by-user", ARGV[1], -1)) do
  local line = redis.call("HGET", key["sessions"], sessionId)
  local session = line and placed(sessionId, line, at)
  if session then
    found[#found + 1] = session
  else
    disown("sessions-by-user", ARGV[1], sessionId)
  end
end
return found
