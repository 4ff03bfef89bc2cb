-- Finds the sessions of a user. Removes an index entry whose session is gone.
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
  if line then
    found[#found + 1] = placed(sessionId, line, at)
  else
    disown("sessions-by-user", ARGV[1], sessionId)
  end
end
return found
