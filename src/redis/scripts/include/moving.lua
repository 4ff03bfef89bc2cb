-- Moving rooms and sessions from lease to lease.

local function settleRoom(roomId, leaseId)
  local previous = redis.call("HGET", key["rooms"], roomId)
  if previous then
    disown("rooms-by-lease", previous, roomId)
  end
  redis.call("HSET", key["rooms"], roomId, leaseId)
  own("rooms-by-lease", leaseId, roomId)
end

-- Gives a session to another lease under the next epoch.
local function moveSession(sessionId, leaseId)
  local session = findSession(sessionId)
  disown("sessions-by-lease", session.lease, sessionId)
  session.lease = leaseId
  session.epoch = session.epoch + 1
  redis.call("HSET", key["sessions"], sessionId, formatSession(session))
  own("sessions-by-lease", leaseId, sessionId)
  return session
end

-- Moves a room, and those of its sessions that are held with it; appends them to `moved`.
local function moveRoom(roomId, from, to, moved)
  settleRoom(roomId, to)
  for _, sessionId in ipairs(owned("sessions-by-room", roomId, -1)) do
    if findSession(sessionId).lease == from then
      moved[#moved + 1] = moveSession(sessionId, to)
    end
  end
end
