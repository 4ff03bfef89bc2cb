-- Marks. Each node has a mark in each of these sorted sets, under its lease. A mark that is gone shows that Redis has lost the
-- key since the last look. In the indexes a mark is a member of nobody. In the sets with scores it has the greatest score of all.
local indexesWithMarks = { "rooms-by-lease", "sessions-by-lease", "sessions-by-room", "sessions-by-user", "blocked-callers",
  "blocked-callers-copy" }
local scoresWithMarks = { "lease-ends", "lease-news", "loads", "calls-by-end", "calls-over", "rings-by-start", "blocks-by-end" }

-- Sets the marks of a lease. Returns the names of the keys that did not have it.
local function setMarks(leaseId)
  local missing = {}
  for _, name in ipairs(indexesWithMarks) do
    if redis.call("ZADD", key[name], 0, " " .. leaseId) == 1 then
      missing[#missing + 1] = name
    end
  end
  for _, name in ipairs(scoresWithMarks) do
    if redis.call("ZADD", key[name], "+inf", " " .. leaseId) == 1 then
      missing[#missing + 1] = name
    end
  end
  return missing
end

local function removeMarks(leaseId)
  for _, names in ipairs({ indexesWithMarks, scoresWithMarks }) do
    for _, name in ipairs(names) do
      redis.call("ZREM", key[name], " " .. leaseId)
    end
  end
end

-- Number of members of a set with scores, without the marks.
local function countTimes(name)
  return redis.call("ZCOUNT", key[name], "-inf", "(+inf")
end
