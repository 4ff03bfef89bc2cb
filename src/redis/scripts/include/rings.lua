-- How often users were rung. The hash `rings` has "since count" for each user who was rung in the last window;
-- `rings-by-start` orders these users by `since`. A window begins with its first ring.

-- Returns the time until the user's window ends when there were `most` rings in it, else nil. Counts nothing.
local function isRungOften(user, at, most, windowMs)
  local since, count = string.match(redis.call("HGET", key["rings"], user) or "", "^(%d+) (%d+)$")
  if since and tonumber(since) + windowMs > at and tonumber(count) >= most then
    return tonumber(since) + windowMs - at
  end
  return nil
end

-- Counts a ring, unless there were `most` in this window. Returns nil, or the time until the window ends.
local function countRing(user, at, most, windowMs)
  local ended = string.format("%.0f", at - windowMs)
  for _, old in ipairs(redis.call("ZRANGEBYSCORE", key["rings-by-start"], "-inf", ended, "LIMIT", 0, 100)) do
    redis.call("HDEL", key["rings"], old)
    redis.call("ZREM", key["rings-by-start"], old)
  end
  local since, count = string.match(redis.call("HGET", key["rings"], user) or "", "^(%d+) (%d+)$")
  if not since or tonumber(since) + windowMs <= at then
    since, count = at, 0
    redis.call("ZADD", key["rings-by-start"], string.format("%.0f", at), user)
  end
  if tonumber(count) >= most then
    return tonumber(since) + windowMs - at
  end
  redis.call("HSET", key["rings"], user, string.format("%.0f %.0f", tonumber(since), tonumber(count) + 1))
  return nil
end
