-- Ends a call if its state and its users match the given ones.
-- KEYS: calls, calls-by-user, calls-by-end, calls-over
-- ARGV: callId, holdMs, state (or any), role (anybody or callee or session), id of the callee or of one of the sessions
-- Returns {"gone"}, or {"finished", the call before it ended}.
-- @include calls

local call = findCall(ARGV[1])
if not call then
  return { "gone" }
end
local isSilent = call.state == "silent"
local inState = ARGV[3] == "any" or ARGV[3] == call.state or (ARGV[3] == "ringing" and isSilent)
local byThem = ARGV[4] == "anybody"
  or (ARGV[4] == "callee" and ARGV[5] == call.callee and not isSilent)
  or (ARGV[4] == "session" and (ARGV[5] == call.callerSession or ARGV[5] == call.calleeSession))
if not (inState and byThem) then
  return { "gone" }
end
local at = now()
endCall(call, at, tonumber(ARGV[2]))
return { "finished", viewCall(call, at) }
