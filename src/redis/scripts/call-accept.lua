-- Answers a ringing call. The first answer wins.
-- KEYS: calls, calls-by-user, calls-by-end
-- ARGV: callId, holdMs, callee, calleeSession, name of the callee as JSON
-- Returns {"gone"}, or {"accepted", call, fresh}; fresh is 0 when this session has answered before.
-- @include calls

local at = now()
local call = findCall(ARGV[1])
if not call or call.state == "silent" or call.ends <= at or call.callee ~= ARGV[3] then
  return { "gone" }
end
if call.state == "active" then
  if call.calleeSession ~= ARGV[4] then
    return { "gone" }
  end
  return { "accepted", viewCall(call, at), 0 }
end
activateCall(call, ARGV[4], withCalleeName(call.body, ARGV[5]), at, tonumber(ARGV[2]))
return { "accepted", viewCall(call, at), 1 }
