-- Reads events from the log, oldest first.
-- KEYS: events
-- ARGV: first id (its event is included, if the log still has it), most
-- Returns {{id, {"json", JSON}}, ...}.

return redis.call("XRANGE", key["events"], ARGV[1], "+", "COUNT", ARGV[2])
