-- Removes a lease, its index entries and its marks if nothing is held under it. Returns true when it has removed the lease.
local function forgetIfEmpty(leaseId)
  if countOwned("rooms-by-lease", leaseId) + countOwned("sessions-by-lease", leaseId) > 0 then
    return false
  end
  redis.call("HDEL", key["leases"], leaseId)
  for _, index in ipairs({ "lease-ends", "lease-news", "loads" }) do
    redis.call("ZREM", key[index], leaseId)
  end
  removeMarks(leaseId)
  return true
end
