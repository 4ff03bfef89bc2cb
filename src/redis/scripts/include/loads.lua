-- Loads. `loads` has each lease that takes new rooms, by its number of sessions. A script that changes `sessions-by-lease` names
-- the leases, and counts their sessions at its end. It does not add and subtract, so no number can become wrong.

local changedLoads = {}

local function loadChanged(leaseId)
  changedLoads[leaseId] = true
end

local function writeLoads()
  for leaseId in pairs(changedLoads) do
    redis.call("ZADD", key["loads"], "XX", countOwned("sessions-by-lease", leaseId), leaseId)
  end
end

-- Whether clients can be sent to this lease for a new room.
local function takesRooms(lease)
  return lease.url ~= "" and not lease.draining and not lease.claimed
end

-- Adds a lease that takes new rooms, and removes one that does not.
local function offerForRooms(lease)
  if takesRooms(lease) then
    redis.call("ZADD", key["loads"], countOwned("sessions-by-lease", lease.id), lease.id)
  else
    redis.call("ZREM", key["loads"], lease.id)
  end
end
