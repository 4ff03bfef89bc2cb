-- Names of nodes. The hash `node-names` has the process of each node as the line "process holds endsAt newest url"; holds is how
-- often this process has held the name, newest is the newest format that it can read.

local function parseName(line)
  local process, holds, endsAt, newest, url = string.match(line, "^(%S+) (%d+) (%d+) (%d+) (.*)$")
  return { process = process, holds = tonumber(holds), endsAt = tonumber(endsAt), newest = tonumber(newest), url = url }
end

local function findName(nodeId)
  local line = redis.call("HGET", key["node-names"], nodeId)
  return line and parseName(line)
end

-- Removes a node's name if its process has not held it again in time.
local function forgetNameIfOver(nodeId, at)
  local holder = findName(nodeId)
  if holder and holder.endsAt <= at then
    redis.call("HDEL", key["node-names"], nodeId)
  end
end
