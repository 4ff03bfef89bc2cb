-- Removes a block.
-- KEYS: blocks, blocks-by-end, blocks-state
-- ARGV: target
-- Returns {"unknown"}, or {"removed", generation, number}.
-- @include blocks

local at = now()
removeEndedBlocks(at)
if removeBlock(ARGV[1]) == 0 then
  return { "unknown" }
end
local generation, number = blocksChanged(at)
return { "removed", generation, number }
