-- Finds the keys that Redis has lost, and mends what is in other keys as well. Ends calls that no node has prolonged.
-- KEYS: format, epoch, leases, lease-ends, lease-news, loads, renewed-at, rooms, rooms-by-lease, sessions, sessions-by-lease, sessions-by-room, sessions-by-user, calls, calls-by-user, calls-by-end, calls-over, blocked-callers, blocked-callers-copy, rings, rings-by-start, blocks, blocks-by-end, blocks-state, events, event-runs, undelivered-events, lost-keys
-- ARGV: lease, leaseMs, "first" or "again" (whether this lease has its marks), holdMs of calls, receipt of the latest answer (or empty)
-- Returns {"no_lease"}, or {"checked", number of events in the log, id of its first event (or empty), receipt (or empty), name of each lost key...}.
-- @include lex
-- @include leases
-- @include lease-news
-- @include loads
-- @include lease-indexes
-- @include marks
-- @include calls
-- @include mending
-- @include untold

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
addUntold(lost, lease, ARGV[5])

local first = redis.call("XRANGE", key["events"], "-", "+", "COUNT", 1)[1]
local names = {}
for name, isLost in pairs(lost) do
  if isLost then
    names[#names + 1] = name
  end
end
local receipt = keepUntold(names, lease, at)
return { "checked", redis.call("XLEN", key["events"]), first and first[1] or "", receipt, unpack(names) }
