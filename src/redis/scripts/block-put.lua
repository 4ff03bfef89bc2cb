-- Adds a block, or gives the block of this target another end.
-- KEYS: blocks, blocks-by-end, blocks-state
-- ARGV: target, durationMs, body, most
-- Returns {"full"}, or {"put", generation, number, since}.
-- @include blocks

local at = now()
removeEndedBlocks(at)
local isNew = redis.call("HEXISTS", key["blocks"], ARGV[1]) == 0
if isNew and redis.call("HLEN", key["blocks"]) >= tonumber(ARGV[4]) then
  return { "full" }
end
saveBlock(ARGV[1], at, at + tonumber(ARGV[2]), ARGV[3])
local generation, number = blocksChanged(at)
return { "put", generation, number, at }
