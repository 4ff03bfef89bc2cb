-- Begins a lease. Its epoch is greater than every epoch before it. An epoch is never less than Redis's time in
-- milliseconds, so this is also true after Redis has lost its data or gone back to older data.
-- KEYS: epoch, leases
-- ARGV: nodeId, url (or empty), leaseMs
-- Returns the epoch.
-- @include leases

local at = now()
local epoch = math.max(tonumber(redis.call("GET", key["epoch"]) or 0) + 1, at)
redis.call("SET", key["epoch"], string.format("%.0f", epoch))
saveLease({
  id = string.format("%s@%.0f", ARGV[1], epoch),
  endsAt = at + tonumber(ARGV[3]),
  claimed = false,
  draining = false,
  sent = 0,
  url = ARGV[2],
})
return epoch
