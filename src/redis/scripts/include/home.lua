-- Finds the lease that holds a room. When the room's entry is lost, this is the lease that holds sessions in the room, and
-- the second result is true. An unknown lease holds nothing.
local function homeOf(roomId)
  local home = findLease(redis.call("HGET", key["rooms"], roomId) or "")
  if home then
    return home, false
  end
  for _, sessionId in ipairs(owned("sessions-by-room", roomId, -1)) do
    local session = findSession(sessionId)
    local holder = session and session.room == roomId and findLease(session.lease)
    if holder then
      return holder, true
    end
  end
end
