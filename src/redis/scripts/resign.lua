-- Ends a lease; what is held under it can be taken over at once.
-- KEYS: leases, rooms-by-lease, sessions-by-lease
-- ARGV: lease
-- Returns nothing.
-- @include lex
-- @include leases
-- @include emptied

local lease = validLease(ARGV[1])
if lease and not forgetIfEmpty(lease.id) then
  lease.endsAt = 0
  saveLease(lease)
end
