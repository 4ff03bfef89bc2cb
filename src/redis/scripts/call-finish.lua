-- Ends a call if its state and its users match the given ones.
-- KEYS: calls, calls-by-user, calls-by-end, calls-over
-- ARGV: callId, holdMs, state (or empty: any), callee (or empty: any), session that is one of the two (or empty: any)
-- Returns {"gone"}, or {"finished", the call before it ended}.
-- @include calls

local call = findCall(ARGV[1])
if not call then
  return { "gone" }
end
local inState = ARGV[3] == "" or ARGV[3] == call.state
local byCallee = ARGV[4] == "" or ARGV[4] == call.callee
local byOneOfThem = ARGV[5] == "" or ARGV[5] == call.callerSession or ARGV[5] == call.calleeSession
if not (inState and byCallee and byOneOfThem) then
  return { "gone" }
end
local at = now()
endCall(call, at, tonumber(ARGV[2]))
return { "finished", viewCall(call, at) }
