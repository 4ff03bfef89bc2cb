-- Begins a lease under a new epoch.
-- KEYS: epoch, leases, lease-ends, lease-news, loads, sessions-by-lease
-- ARGV: nodeId, url (or empty), leaseMs, least epoch (or 0), the epoch (or 0: the next one that is not less than the least)
-- Returns the epoch.
-- @include lex
-- @include leases
-- @include lease-news
-- @include loads
-- @include epochs

local at = now()
local epoch = tonumber(ARGV[5])
if epoch == 0 then
  epoch = newEpoch(math.max(at, tonumber(ARGV[4])))
else
  keepEpoch(math.max(epoch, lastEpoch()))
end
-- New rooms go to the new lease.
for _, earlier in ipairs(allLeases()) do
  if earlier.nodeId == ARGV[1] then
    redis.call("ZREM", key["loads"], earlier.id)
  end
end
local lease = {
  id = string.format("%s@%.0f", ARGV[1], epoch),
  endsAt = at + tonumber(ARGV[3]),
  claimed = false,
  draining = false,
  sent = 0,
  url = ARGV[2],
}
saveLease(lease)
offerForRooms(lease)
announce(lease.id, at)
return epoch
