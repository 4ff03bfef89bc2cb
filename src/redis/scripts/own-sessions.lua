-- Reads a page of the sessions that are held under a lease. Removes an index entry whose session is gone.
-- KEYS: loads, sessions, sessions-by-lease
-- ARGV: lease, last sessionId of the page before (or empty), most
-- Returns {last sessionId of this page (or empty: no page follows), {sessionId, line}, ...}.
-- @include lex
-- @include sessions
-- @include loads

local page = ownedAfter("sessions-by-lease", ARGV[1], ARGV[2], tonumber(ARGV[3]))
local sessions = { page[tonumber(ARGV[3])] or "" }
for _, sessionId in ipairs(page) do
  local session = findSession(sessionId)
  if session and session.lease == ARGV[1] then
    sessions[#sessions + 1] = { sessionId, formatSession(session) }
  else
    disown("sessions-by-lease", ARGV[1], sessionId)
    loadChanged(ARGV[1])
  end
end
writeLoads()
return sessions
