-- Sessions. The hash `sessions` has each session under its id, as the line "epoch lease user room body". The room is empty
-- when the session is in no room. The body is JSON that no script reads.

-- Returns nil when no node wrote this line. Such a session does not exist, and a node that has it writes it anew.
local function parseSession(id, line)
  local epoch, lease, user, room, body = string.match(line, "^(%d+) (%S+) (%S+) (%S*) (.*)$")
  return epoch and { id = id, epoch = tonumber(epoch), lease = lease, user = user, room = room, body = body }
end

local function findSession(id)
  local line = redis.call("HGET", key["sessions"], id)
  return line and parseSession(id, line)
end

local function formatSession(session)
  return string.format("%.0f %s %s %s %s", session.epoch, session.lease, session.user, session.room, session.body)
end

-- Returns the epoch because of which a node must not write a session, or nil when the node can write it.
local function fenceOf(session, epoch, nodeId)
  if not session then
    return nil
  end
  local holder = string.match(session.lease, "^(.*)@%d+$")
  if session.epoch > epoch or (session.epoch == epoch and holder ~= nodeId) then
    return session.epoch
  end
end
