-- Finds a session.
-- KEYS: leases, sessions
-- ARGV: sessionId
-- Returns nil, or {sessionId, line, url, leaseLeftMs}.
-- @include leases
-- @include sessions
-- @include placed

local line = redis.call("HGET", key["sessions"], ARGV[1])
return line and placed(ARGV[1], line, now())
