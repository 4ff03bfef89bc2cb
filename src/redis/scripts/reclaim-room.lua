-- Makes a node the home of a room in which it has people, unless another node is the home.
-- KEYS: leases, rooms, rooms-by-lease
-- ARGV: lease, roomId
-- Returns {"no_lease"}, {"held"} or {"lost", nodeId}.
-- @include lex
-- @include leases
-- @include placing

local lease = validLease(ARGV[1])
if not lease then
  return { "no_lease" }
end
-- An unknown lease holds nothing.
local home = findLease(redis.call("HGET", key["rooms"], ARGV[2]) or "")
if home and home.nodeId ~= lease.nodeId then
  return { "lost", home.nodeId }
end
placeRoom(ARGV[2], lease.id)
return { "held" }
