-- Runs: what one process has appended and nobody has delivered. In the hash `event-runs`, under a name that the process has
-- made up, as the line "nodeId last ids": the node that has to deliver, the sequence of the last event, the ids of the last
-- batch. `undelivered-events` has the ids of all, by run. A run of which nothing is left to deliver is not there.

local function parseRun(name, line)
  local nodeId, last, ids = string.match(line, "^(%S+) (%d+) (.+)$")
  return { name = name, nodeId = nodeId, last = tonumber(last), ids = ids }
end

local function findRun(name)
  local line = redis.call("HGET", key["event-runs"], name)
  return line and parseRun(name, line)
end

local function allRuns()
  local found = redis.call("HGETALL", key["event-runs"])
  local runs = {}
  for n = 1, #found, 2 do
    runs[#runs + 1] = parseRun(found[n], found[n + 1])
  end
  return runs
end

local function saveRun(run)
  local line = string.format("%s %.0f %s", run.nodeId, run.last, run.ids)
  redis.call("HSET", key["event-runs"], run.name, line)
end
