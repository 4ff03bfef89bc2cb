-- Removes a lease and its marks if nothing is held under it. Returns true when it has removed the lease.
local function forgetIfEmpty(leaseId)
  if countOwned("rooms-by-lease", leaseId) + countOwned("sessions-by-lease", leaseId) > 0 then
    return false
  end
  redis.call("HDEL", key["leases"], leaseId)
  removeMarks(leaseId)
  return true
end
