-- Reads all blocks that have not ended, and perhaps some that have, unless the list has not changed.
-- KEYS: blocks, blocks-state
-- ARGV: generation of the change that the caller knows of (0 if none), its number
-- Returns {"unchanged"}, or {"list", now, generation, number, target, line, ...}; the generation is 0 if there never was a block.
-- @include blocks

local generation = tonumber(redis.call("HGET", key["blocks-state"], "generation") or 0)
local number = tonumber(redis.call("HGET", key["blocks-state"], "number") or 0)
if generation > 0 and generation == tonumber(ARGV[1]) and number == tonumber(ARGV[2]) then
  return { "unchanged" }
end
local result = { "list", now(), generation, number }
for _, text in ipairs(redis.call("HGETALL", key["blocks"])) do
  result[#result + 1] = text
end
return result
