-- A session and the node that holds it: {sessionId, line, url, leaseLeftMs}. An unknown lease has run out. Returns false when the
-- line is none of a session.
local function placed(sessionId, line, at)
  local session = parseSession(sessionId, line)
  if not session then
    return false
  end
  local lease = findLease(session.lease)
  if not lease then
    return { sessionId, line, "", 0 }
  end
  return { sessionId, line, lease.url, math.max(lease.endsAt - at, 0) }
end
