-- Says under which epoch a lease would begin now.
-- KEYS: epoch, leases, lease-ends
-- ARGV:
-- Returns the epoch.
-- @include leases
-- @include epochs

return nextEpoch(now())
