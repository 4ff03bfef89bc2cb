-- Removes delivered events from the undelivered ones. A run without undelivered events is removed as well.
-- KEYS: event-runs, undelivered-events
-- ARGV: for each event its run, its id
-- Returns nothing.
-- @include lex

local touched = {}
for n = 1, #ARGV, 2 do
  disown("undelivered-events", ARGV[n], ARGV[n + 1])
  touched[ARGV[n]] = true
end
for run in pairs(touched) do
  if countOwned("undelivered-events", run) == 0 then
    redis.call("HDEL", key["event-runs"], run)
  end
end
