-- Answers a ringing call. The first answer wins.
-- KEYS: calls, calls-by-user, calls-by-end
-- ARGV: callId, holdMs, callee, calleeSession, name of the callee
-- Returns {"gone"}, or {"accepted", call, fresh}; fresh is 0 when this session has answered before.
-- @include calls

local at = now()
local call = findCall(ARGV[1])
if not call or call.ends <= at or call.callee ~= ARGV[3] then
  return { "gone" }
end
if call.state == "active" then
  if call.calleeSession ~= ARGV[4] then
    return { "gone" }
  end
  return { "accepted", viewCall(call, at), 0 }
end
local body = cjson.decode(call.body)
body.calleeName = ARGV[5]
activateCall(call, ARGV[4], cjson.encode(body), at, tonumber(ARGV[2]))
return { "accepted", viewCall(call, at), 1 }
