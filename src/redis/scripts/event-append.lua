-- Appends events to the log, and removes the oldest events from it. The run's node has to deliver the new events. When the
-- node sends its last batch again, the script appends nothing and returns the same ids. When another node has to deliver
-- the run by now, the script appends nothing and returns "lost".
-- KEYS: events, event-runs, undelivered-events
-- ARGV: most, run, nodeId, sequence of the last event, for each event its JSON
-- Returns {"lost"} or {"appended", id, ...}.
-- @include lex
-- @include event-runs

local run = findRun(ARGV[2])
if run and run.nodeId ~= ARGV[3] then
  return { "lost" }
end
local last = tonumber(ARGV[4])
if not run or run.last < last then
  local ids = {}
  for n = 5, #ARGV do
    local id = redis.call("XADD", key["events"], "MAXLEN", "~", ARGV[1], "*", "json", ARGV[n])
    own("undelivered-events", ARGV[2], id)
    ids[#ids + 1] = id
  end
  run = { name = ARGV[2], nodeId = ARGV[3], last = last, ids = table.concat(ids, " ") }
  saveRun(run)
end

local appended = { "appended" }
for id in string.gmatch(run.ids, "%S+") do
  appended[#appended + 1] = id
end
return appended
