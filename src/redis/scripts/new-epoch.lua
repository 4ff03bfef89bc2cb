-- Gives an epoch that is greater than every epoch before it.
-- KEYS: epoch, leases, lease-ends
-- ARGV: least epoch (or 0)
-- Returns the epoch.
-- @include leases
-- @include epochs

return freshEpoch(math.max(now(), tonumber(ARGV[1])))
