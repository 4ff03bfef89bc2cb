-- Finds the keys that Redis has lost, and mends what is in other keys as well. Ends calls that no node has prolonged.
-- KEYS: format, epoch, leases, lease-ends, lease-news, loads, renewed-at, rooms, rooms-by-lease, sessions, sessions-by-lease, sessions-by-room, sessions-by-user, calls, calls-by-user, calls-by-end, calls-over, blocked-callers, blocked-callers-copy, rings, rings-by-start, blocks, blocks-by-end, blocks-state, events, event-runs, undelivered-events
-- ARGV: lease, leaseMs, "first" or "again" (whether this lease has its marks), holdMs of calls
-- Returns {"no_lease"}, or {"checked", number of events in the log, id of its first event (or empty), name of each lost key...}.
-- @include lex
-- @include leases
-- @include lease-news
-- @include loads
-- @include lease-indexes
-- @include marks
-- @include calls
-- @include mending

local lease = validLease(ARGV[1])
if not lease then
  return { "no_lease" }
end
local at = now()
local lost = {}
local unmarked = setMarks(lease.id)
for _, name in ipairs(unmarked) do
  lost[name] = ARGV[3] == "again"
end
mendNumbers(lost, lease, at)
mendLeases(lost, at, tonumber(ARGV[2]))
mendLeaseIndexes(lost, unmarked, at)
lost["rooms"] = isRecordLost("rooms-by-lease", lease.id, function(roomId)
  return redis.call("HGET", key["rooms"], roomId) == lease.id
end)
lost["sessions"] = isRecordLost("sessions-by-lease", lease.id, function(sessionId)
  return redis.call("HEXISTS", key["sessions"], sessionId) == 1
end)
mendCalls(lost)
endForgottenCalls(at, tonumber(ARGV[4]))
mendRings(lost)
mendBlocks(lost, at)
mendBlockedCallers(lost)
findLostRuns(lost)

local first = redis.call("XRANGE", key["events"], "-", "+", "COUNT", 1)[1]
local result = { "checked", redis.call("XLEN", key["events"]), first and first[1] or "" }
for name, isLost in pairs(lost) do
  if isLost then
    result[#result + 1] = name
  end
end
return result
