-- Writes a room as held under a lease.
local function placeRoom(roomId, leaseId)
  local previous = redis.call("HGET", key["rooms"], roomId)
  if previous then
    disown("rooms-by-lease", previous, roomId)
  end
  redis.call("HSET", key["rooms"], roomId, leaseId)
  own("rooms-by-lease", leaseId, roomId)
end
