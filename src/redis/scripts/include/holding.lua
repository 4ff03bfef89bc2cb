-- Writes and removes sessions, with all their index entries.

local function dropSession(session)
  redis.call("HDEL", key["sessions"], session.id)
  disown("sessions-by-lease", session.lease, session.id)
  loadChanged(session.lease)
  disown("sessions-by-user", session.user, session.id)
  if session.room ~= "" then
    disown("sessions-by-room", session.room, session.id)
  end
end

-- Writes a session. Removes the previous entry with the same id first, with its index entries.
local function saveSession(session, previous)
  if previous then
    dropSession(previous)
  end
  redis.call("HSET", key["sessions"], session.id, formatSession(session))
  own("sessions-by-lease", session.lease, session.id)
  loadChanged(session.lease)
  own("sessions-by-user", session.user, session.id)
  if session.room ~= "" then
    own("sessions-by-room", session.room, session.id)
  end
end
