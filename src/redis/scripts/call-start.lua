-- Makes a call ring, unless one of the two users is in a call already.
-- KEYS: calls, calls-by-user, calls-by-end, calls-over
-- ARGV: callId, ringMs, holdMs, caller, callerSession, callee, body, name of the caller as JSON
-- Returns {kind, call or {}, lapsed...}: kind is "ringing", "accepted", "caller_busy" or "callee_busy"; lapsed are earlier
-- calls of the two users whose time was over. The script has ended them.
-- @include calls

local at = now()
local holdMs = tonumber(ARGV[3])
local result = { "ringing", {} }
for _, user in ipairs({ ARGV[4], ARGV[6] }) do
  local call = findCallOf(user)
  if call and call.ends <= at then
    endCall(call, at, holdMs)
    result[#result + 1] = viewCall(call, at)
  end
end

local own = findCallOf(ARGV[4])
if own and own.state == "ringing" and own.callee == ARGV[4] and own.caller == ARGV[6] then
  activateCall(own, ARGV[5], withCalleeName(own.body, ARGV[8]), at, holdMs)
  result[1] = "accepted"
  result[2] = viewCall(own, at)
elseif own then
  result[1] = "caller_busy"
elseif findCallOf(ARGV[6]) then
  result[1] = "callee_busy"
else
  local call = {
    id = ARGV[1],
    state = "ringing",
    since = at,
    ends = at + tonumber(ARGV[2]),
    caller = ARGV[4],
    callerSession = ARGV[5],
    callee = ARGV[6],
    calleeSession = "",
    body = ARGV[7],
  }
  saveCall(call)
  result[2] = viewCall(call, at)
end
return result
