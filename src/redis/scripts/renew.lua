-- Prolongs a lease and returns the state of all nodes.
--
-- Leases must not run out because of an outage of Redis. When no node has renewed for most of a lease's time, the nodes
-- could not reach Redis, or Redis stood still. The script then adds that time to every lease that had not run out before.
-- It does the same when Redis's clock was set back.
-- KEYS: leases, renewed-at, rooms-by-lease, sessions-by-lease
-- ARGV: lease, leaseMs, draining (0 or 1), sent
-- Returns {"no_lease"}, or {"renewed", {nodeId, epoch, url, sessions, rooms, draining, expired, sent}, ...}.
-- @include lex
-- @include leases

local lease = validLease(ARGV[1])
if not lease then
  return { "no_lease" }
end
local leaseMs = tonumber(ARGV[2])
local at = now()
local before = tonumber(redis.call("GET", key["renewed-at"]) or at)
redis.call("SET", key["renewed-at"], string.format("%.0f", at))
local leases = allLeases()

if at - before > leaseMs * 2 / 3 or at < before then
  for _, other in ipairs(leases) do
    if not other.claimed and not isExpired(other, before) then
      other.endsAt = other.endsAt + at - before
      saveLease(other)
    end
  end
end

local nodes = { "renewed" }
for _, each in ipairs(leases) do
  if each.id == lease.id then
    each.endsAt = at + leaseMs
    each.draining = ARGV[3] == "1"
    each.sent = tonumber(ARGV[4])
    saveLease(each)
  end
  nodes[#nodes + 1] = {
    each.nodeId,
    each.epoch,
    each.url,
    countOwned("sessions-by-lease", each.id),
    countOwned("rooms-by-lease", each.id),
    each.draining and 1 or 0,
    isExpired(each, at) and 1 or 0,
    each.sent,
  }
end
return nodes
