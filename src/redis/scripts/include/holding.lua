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

-- Writes a session and its index entries, also those that are there already: Redis may have lost them. Removes the index entries
-- of the previous entry with the same id that are no longer right.
local function saveSession(session, previous)
  redis.call("HSET", key["sessions"], session.id, formatSession(session))
  if previous and previous.lease ~= session.lease then
    disown("sessions-by-lease", previous.lease, session.id)
    loadChanged(previous.lease)
  end
  if own("sessions-by-lease", session.lease, session.id) == 1 then
    loadChanged(session.lease)
  end
  if previous and previous.user ~= session.user then
    disown("sessions-by-user", previous.user, session.id)
  end
  own("sessions-by-user", session.user, session.id)
  if previous and previous.room ~= "" and previous.room ~= session.room then
    disown("sessions-by-room", previous.room, session.id)
  end
  if session.room ~= "" then
    own("sessions-by-room", session.room, session.id)
  end
end
