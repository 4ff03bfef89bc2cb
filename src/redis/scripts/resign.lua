-- Ends a lease. Other nodes can take over at once what is held under it.
-- KEYS: leases, lease-ends, lease-news, loads, rooms-by-lease, sessions-by-lease, sessions-by-room, sessions-by-user, blocked-callers, blocked-callers-copy, calls-by-end, calls-over, rings-by-start, blocks-by-end
-- ARGV: lease
-- Returns nothing.
-- @include lex
-- @include leases
-- @include marks
-- @include emptied

local lease = validLease(ARGV[1])
if lease and not forgetIfEmpty(lease.id) then
  lease.endsAt = 0
  saveLease(lease)
  redis.call("ZREM", key["loads"], lease.id)
end
