-- Finds the sessions of a user.
-- KEYS: leases, sessions, sessions-by-user
-- ARGV: userId
-- Returns {{sessionId, line, url, expired}, ...}.
-- @include lex
-- @include leases
-- @include sessions
-- @include placed

local at = now()
local found = {}
for _, sessionId in ipairs(owned("sessions-by-user", ARGV[1], -1)) do
  found[#found + 1] = placed(sessionId, redis.call("HGET", key["sessions"], sessionId), at)
end
return found
