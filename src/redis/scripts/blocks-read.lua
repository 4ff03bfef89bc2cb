-- Reads all blocks that have not ended.
-- KEYS: blocks, blocks-state
-- Returns {now, generation, number, target, line, ...}; the generation is 0 if there never was a block.
-- @include blocks

local result = {
  now(),
  tonumber(redis.call("HGET", key["blocks-state"], "generation") or 0),
  tonumber(redis.call("HGET", key["blocks-state"], "number") or 0),
}
for _, text in ipairs(redis.call("HGETALL", key["blocks"])) do
  result[#result + 1] = text
end
return result
