-- Finds a room's home.
-- KEYS: leases, rooms, sessions, sessions-by-room
-- ARGV: roomId
-- Returns nil, or {nodeId, url, expired}.
-- @include lex
-- @include leases
-- @include sessions
-- @include home

local home = homeOf(ARGV[1])
return home and { home.nodeId, home.url, isExpired(home, now()) and 1 or 0 }
