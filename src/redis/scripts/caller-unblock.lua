-- Removes a caller from the blocked callers of a user.
-- KEYS: blocked-callers, blocked-callers-copy
-- ARGV: callee, caller
-- Returns 1, or 0 when the caller was not among them.

redis.call("ZREM", key["blocked-callers-copy"], ARGV[1] .. " " .. ARGV[2])
return redis.call("ZREM", key["blocked-callers"], ARGV[1] .. " " .. ARGV[2])
