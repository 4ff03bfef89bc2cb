-- A session and the node that holds it: {sessionId, line, url, leaseLeftMs}. An unknown lease has run out.
local function placed(sessionId, line, at)
  local lease = findLease(parseSession(sessionId, line).lease)
  if not lease then
    return { sessionId, line, "", 0 }
  end
  return { sessionId, line, lease.url, math.max(lease.endsAt - at, 0) }
end
