-- Gives the runs of gone nodes to another node, if that node holds a valid lease. A node is gone in two cases: the caller
-- names it and it has no valid lease, or it has no lease at all and has appended nothing for quietMs. The script claims the
-- leases of a gone node. If the node comes back, the other scripts refuse these leases.
-- KEYS: leases, lease-ends, loads, event-runs, undelivered-events
-- ARGV: nodeId, quietMs, for each node that the caller considers dead its nodeId
-- Returns {{run, nodeId}, ...}: all runs of all nodes, with the node that has to deliver each of them now.
-- @include lex
-- @include leases
-- @include event-runs

local at = now()
local leases = allLeases()
local present = {}
local holding = {}
for _, lease in ipairs(leases) do
  present[lease.nodeId] = true
  holding[lease.nodeId] = holding[lease.nodeId] or not (lease.claimed or isExpired(lease, at))
end
local named = {}
for n = 3, #ARGV do
  named[ARGV[n]] = true
end

local function isGone(run)
  if present[run.nodeId] then
    return named[run.nodeId] and not holding[run.nodeId]
  end
  -- An event's id begins with the time at which it was appended.
  local lastAt = tonumber(string.match(run.ids, "(%d+)%-%d+$"))
  return at - lastAt >= tonumber(ARGV[2])
end

local receiver = ARGV[1]
local gone = {}
local known = {}
local runs = {}
for _, run in ipairs(allRuns()) do
  known[run.name] = true
  if holding[receiver] and run.nodeId ~= receiver and isGone(run) then
    gone[run.nodeId] = true
    run.nodeId = receiver
    saveRun(run)
  end
  runs[#runs + 1] = { run.name, run.nodeId }
end
-- The entry of a run is lost: nobody delivers its events unless their process is alive.
for _, name in ipairs(ownersOf("undelivered-events", 1000)) do
  local ids = not known[name] and owned("undelivered-events", name, -1)
  local run = ids and { name = name, nodeId = "", last = 0, ids = ids[#ids] }
  if run and holding[receiver] and isGone(run) then
    run.nodeId = receiver
    saveRun(run)
    runs[#runs + 1] = { run.name, run.nodeId }
  end
end
for _, lease in ipairs(leases) do
  if gone[lease.nodeId] then
    lease.claimed = true
    saveLease(lease)
    redis.call("ZREM", key["loads"], lease.id)
  end
end
return runs
