-- Removes a lease, what it follows, its index entries and its marks if nothing is held under it. Returns true when it has removed
-- the lease. Where it follows many users, that takes several calls.
local function forgetIfEmpty(leaseId)
  local entries = countOwned("rooms-by-lease", leaseId) + countOwned("sessions-by-lease", leaseId)
  if entries > 0 or not forgetFollowed(leaseId) then
    return false
  end
  redis.call("HDEL", key["leases"], leaseId)
  for _, index in ipairs({ "lease-ends", "lease-news", "loads" }) do
    redis.call("ZREM", key[index], leaseId)
  end
  removeMarks(leaseId)
  return true
end
