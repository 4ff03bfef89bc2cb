-- A page of the sessions that are held under a lease.
-- KEYS: sessions, sessions-by-lease
-- ARGV: lease, last sessionId of the page before (or empty), most
-- Returns {{sessionId, line}, ...}; fewer than most: it was the last page.
-- @include lex

local sessions = ownedAfter("sessions-by-lease", ARGV[1], ARGV[2], tonumber(ARGV[3]))
for n, sessionId in ipairs(sessions) do
  sessions[n] = { sessionId, redis.call("HGET", key["sessions"], sessionId) }
end
return sessions
