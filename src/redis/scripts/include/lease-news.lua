-- What others have to know of a lease. `lease-news` has each lease by the number of its latest change, and the greatest of
-- these numbers at the member "latest", which is no lease. A number is never less than Redis's time in milliseconds. So the
-- numbers also grow when Redis has lost the key.

local function latestNews()
  return tonumber(redis.call("ZSCORE", key["lease-news"], "latest") or 0)
end

-- Something about this lease has changed: the next renewal of each node tells it.
local function announce(leaseId, at)
  local number = string.format("%.0f", math.max(latestNews() + 1, at))
  redis.call("ZADD", key["lease-news"], number, "latest", number, leaseId)
end
