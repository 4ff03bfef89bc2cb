-- Reads events from the log, oldest first.
-- KEYS: events
-- ARGV: id from which on (its own event included, if it is kept), most
-- Returns {{id, {"json", JSON}}, ...}.

return redis.call("XRANGE", key["events"], ARGV[1], "+", "COUNT", ARGV[2])
