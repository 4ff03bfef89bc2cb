-- The indexes of `leases`. Before format 2 there are nodes that do not write them. Redis can also have lost one. Then no lease
-- has its mark in it, until `check-keys` has written all of them again. In both cases a script has to read all leases.

local leaseIndexes = { "lease-ends", "lease-news", "loads" }

-- Whether this lease can use the index.
local function isIndexed(index, leaseId)
  local format = tonumber(redis.call("GET", key["format"]) or 1)
  return format >= 2 and redis.call("ZSCORE", key[index], " " .. leaseId)
end

-- Writes the indexes again, with the marks of all leases. Every lease counts as changed.
local function indexLeases(at)
  local number = string.format("%.0f", math.max(latestNews() + 1, at))
  redis.call("DEL", key["lease-ends"], key["lease-news"], key["loads"])
  redis.call("ZADD", key["lease-news"], number, "latest")
  for _, lease in ipairs(allLeases()) do
    redis.call("ZADD", key["lease-ends"], string.format("%.0f", lease.endsAt), lease.id, "+inf", " " .. lease.id)
    redis.call("ZADD", key["lease-news"], number, lease.id, "+inf", " " .. lease.id)
    redis.call("ZADD", key["loads"], "+inf", " " .. lease.id)
  end
  -- No new room goes to a lease that a node had before it started again.
  for _, lease in ipairs(latestLeases()) do
    offerForRooms(lease)
  end
end
