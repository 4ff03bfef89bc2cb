-- Begins a lease under a new epoch.
-- KEYS: epoch, leases
-- ARGV: nodeId, url (or empty), leaseMs
-- Returns the epoch.
-- @include leases
-- @include epochs

local at = now()
local epoch = newEpoch(at)
saveLease({
  id = string.format("%s@%.0f", ARGV[1], epoch),
  endsAt = at + tonumber(ARGV[3]),
  claimed = false,
  draining = false,
  sent = 0,
  url = ARGV[2],
})
return epoch
