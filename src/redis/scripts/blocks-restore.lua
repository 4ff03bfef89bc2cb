-- Adds the blocks whose targets the list does not have.
-- KEYS: blocks, blocks-by-end, blocks-state
-- ARGV: for each block its target, since, remainingMs, body
-- Returns nothing.
-- @include blocks

local at = now()
for n = 1, #ARGV, 4 do
  if redis.call("HEXISTS", key["blocks"], ARGV[n]) == 0 then
    saveBlock(ARGV[n], tonumber(ARGV[n + 1]), at + tonumber(ARGV[n + 2]), ARGV[n + 3])
    blocksChanged(at)
  end
end
