-- A page of the rooms that are held under a lease.
-- KEYS: rooms-by-lease
-- ARGV: lease, last roomId of the page before (or empty), most
-- Returns {roomId, ...}; fewer than most: it was the last page.
-- @include lex

return ownedAfter("rooms-by-lease", ARGV[1], ARGV[2], tonumber(ARGV[3]))
