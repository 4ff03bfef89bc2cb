-- Moves rooms and sessions from one lease to another. Removes index entries whose record is gone.

-- One epoch for all that a script moves.
local movedUnder

-- Gives a session to another lease under a new epoch. A node that is cut off may raise the epoch of its sessions as well, so the
-- next epoch is not enough.
local function moveSession(session, leaseId)
  movedUnder = movedUnder or newEpoch(now())
  disown("sessions-by-lease", session.lease, session.id)
  loadChanged(session.lease)
  session.lease = leaseId
  session.epoch = math.max(session.epoch + 1, movedUnder)
  -- The session may have its epoch from another shard.
  if session.epoch > movedUnder then
    movedUnder = session.epoch
    keepEpoch(movedUnder)
  end
  redis.call("HSET", key["sessions"], session.id, formatSession(session))
  own("sessions-by-lease", leaseId, session.id)
  loadChanged(leaseId)
  return session
end

-- Moves a room and those of its sessions that are held under the same lease. Appends the sessions to `moved`. A room that
-- is held under a third lease by now stays there.
local function moveRoom(roomId, from, to, moved)
  local holder = redis.call("HGET", key["rooms"], roomId)
  disown("rooms-by-lease", from, roomId)
  if holder and holder ~= from then
    return
  end
  placeRoom(roomId, to)
  for _, sessionId in ipairs(owned("sessions-by-room", roomId, -1)) do
    local session = findSession(sessionId)
    if not session or session.room ~= roomId then
      disown("sessions-by-room", roomId, sessionId)
    elseif session.lease == from then
      moved[#moved + 1] = moveSession(session, to)
    end
  end
end
