-- Ends a lease. Other nodes can take over at once what is held under it.
-- KEYS: leases, lease-ends, lease-news, loads, rooms-by-lease, sessions-by-lease, sessions-by-room, sessions-by-user, blocked-callers, blocked-callers-copy, calls-by-end, calls-over, rings-by-start, blocks-by-end, followed-by-lease, followers, messages-by-lease
-- ARGV: lease
-- Returns 1 when the node has to ask again, because it follows many users; else 0.
-- @include lex
-- @include leases
-- @include marks
-- @include following
-- @include emptied

local lease = validLease(ARGV[1])
if not lease or forgetIfEmpty(lease.id) then
  return 0
end
if countOwned("rooms-by-lease", lease.id) + countOwned("sessions-by-lease", lease.id) == 0 then
  return 1
end
lease.endsAt = 0
saveLease(lease)
redis.call("ZREM", key["loads"], lease.id)
return 0
