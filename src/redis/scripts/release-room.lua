-- Releases a room: the node is not its home any more.
-- KEYS: leases, rooms, rooms-by-lease
-- ARGV: lease, roomId
-- Returns {"no_lease"}, {"released"} or {"not_home"}.
-- @include lex
-- @include leases

local lease = validLease(ARGV[1])
if not lease then
  return { "no_lease" }
end
if redis.call("HGET", key["rooms"], ARGV[2]) ~= lease.id then
  return { "not_home" }
end
redis.call("HDEL", key["rooms"], ARGV[2])
disown("rooms-by-lease", lease.id, ARGV[2])
return { "released" }
