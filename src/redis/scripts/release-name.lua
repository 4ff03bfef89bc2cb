-- Gives a node's name back, if this process holds it.
-- KEYS: node-names
-- ARGV: nodeId, process
-- Returns nothing.
-- @include names

local holder = findName(ARGV[1])
if holder and holder.process == ARGV[2] then
  redis.call("HDEL", key["node-names"], ARGV[1])
end
