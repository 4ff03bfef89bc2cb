-- Runs. A run is the events that one process has appended. The process chooses the run's name. The hash `event-runs` has
-- each run under its name, as the line "nodeId last ids": the node that has to deliver it, the sequence of its last event,
-- and the ids of its last batch. `undelivered-events` has the ids of all undelivered events, by run. When all events of a
-- run are delivered, the run is removed.

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
