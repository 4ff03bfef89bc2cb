-- A session and where it is held: {sessionId, line, url, expired}. Who holds it under a lease that is not known is gone.
local function placed(sessionId, line, at)
  local lease = findLease(parseSession(sessionId, line).lease)
  if not lease then
    return { sessionId, line, "", 1 }
  end
  return { sessionId, line, lease.url, isExpired(lease, at) and 1 or 0 }
end
