-- Gives the runs of nodes that are gone to another node, if that one holds a lease. Gone is who is named and has no lease
-- that holds, and who has no lease at all and has appended nothing for a while. The leases of the gone are claimed: from
-- then on they are refused, also if they come back.
-- KEYS: leases, event-runs
-- ARGV: nodeId, quietMs, for each node that is taken for dead its nodeId
-- Returns {{run, nodeId}, ...}: all runs of all nodes, as they stand now.
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
  -- The id of an event begins with its time.
  local lastAt = tonumber(string.match(run.ids, "(%d+)%-%d+$"))
  return at - lastAt >= tonumber(ARGV[2])
end

local heir = ARGV[1]
local gone = {}
local runs = {}
for _, run in ipairs(allRuns()) do
  if holding[heir] and run.nodeId ~= heir and isGone(run) then
    gone[run.nodeId] = true
    run.nodeId = heir
    saveRun(run)
  end
  runs[#runs + 1] = { run.name, run.nodeId }
end
for _, lease in ipairs(leases) do
  if gone[lease.nodeId] then
    lease.claimed = true
    saveLease(lease)
  end
end
return runs
