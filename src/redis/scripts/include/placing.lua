-- Writes a room's entry: the room is held under this lease.
local function placeRoom(roomId, leaseId)
  local previous = redis.call("HGET", key["rooms"], roomId)
  if previous then
    disown("rooms-by-lease", previous, roomId)
  end
  redis.call("HSET", key["rooms"], roomId, leaseId)
  own("rooms-by-lease", leaseId, roomId)
end
