-- Counts the entries of all nodes.
-- KEYS: rooms, sessions
-- Returns {rooms, sessions}.

return { redis.call("HLEN", key["rooms"]), redis.call("HLEN", key["sessions"]) }
