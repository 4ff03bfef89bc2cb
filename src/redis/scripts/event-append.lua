-- Appends events to the log, which forgets the oldest ones.
-- KEYS: events
-- ARGV: most, for each event its JSON
-- Returns {id, ...}.

local ids = {}
for n = 2, #ARGV do
  ids[#ids + 1] = redis.call("XADD", key["events"], "MAXLEN", "~", ARGV[1], "*", "json", ARGV[n])
end
return ids
