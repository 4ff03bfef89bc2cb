-- Finds a room's home.
-- KEYS: leases, rooms
-- ARGV: roomId
-- Returns nil, or {nodeId, url, expired}.
-- @include leases

local home = findLease(redis.call("HGET", key["rooms"], ARGV[1]) or "")
return home and { home.nodeId, home.url, isExpired(home, now()) and 1 or 0 }
