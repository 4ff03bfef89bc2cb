-- Blocks. The hash `blocks` has each block under "user room" (a room of no characters: everywhere), as the line "since until
-- body". Times are in milliseconds of Redis's own clock. `blocks-by-end` orders the blocks by `until`. The hash `blocks-state`
-- has `generation`, the time at which the list began, and `number`, the number of its latest change.

local function now()
  local time = redis.call("TIME")
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function removeBlock(target)
  redis.call("ZREM", key["blocks-by-end"], target)
  return redis.call("HDEL", key["blocks"], target)
end

local function removeEndedBlocks(at)
  for _, target in ipairs(redis.call("ZRANGEBYSCORE", key["blocks-by-end"], "-inf", string.format("%.0f", at))) do
    removeBlock(target)
  end
end

local function saveBlock(target, since, ends, body)
  redis.call("HSET", key["blocks"], target, string.format("%.0f %.0f %s", since, ends, body))
  redis.call("ZADD", key["blocks-by-end"], string.format("%.0f", ends), target)
end

-- Counts a change. Returns the generation and the number.
local function blocksChanged(at)
  redis.call("HSETNX", key["blocks-state"], "generation", string.format("%.0f", at))
  local number = redis.call("HINCRBY", key["blocks-state"], "number", 1)
  return tonumber(redis.call("HGET", key["blocks-state"], "generation")), number
end
