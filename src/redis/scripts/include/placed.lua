-- A session and the node that holds it: {sessionId, line, url, expired}. An unknown lease counts as expired.
local function placed(sessionId, line, at)
  local lease = findLease(parseSession(sessionId, line).lease)
  if not lease then
    return { sessionId, line, "", 1 }
  end
  return { sessionId, line, lease.url, isExpired(lease, at) and 1 or 0 }
end
