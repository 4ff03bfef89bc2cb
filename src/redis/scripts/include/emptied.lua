-- Forgets a lease under which nothing is held any more; tells whether it was so.
local function forgetIfEmpty(leaseId)
  if countOwned("rooms-by-lease", leaseId) + countOwned("sessions-by-lease", leaseId) > 0 then
    return false
  end
  redis.call("HDEL", key["leases"], leaseId)
  return true
end
