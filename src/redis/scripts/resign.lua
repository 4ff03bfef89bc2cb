-- Ends a lease. Other nodes can take over at once what is held under it.
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
