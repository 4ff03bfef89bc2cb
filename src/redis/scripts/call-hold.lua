-- Prolongs active calls and writes their bodies, which have the newest names. Writes those again that Redis has lost. A call
-- that was ended is not written again.
-- KEYS: calls, calls-by-user, calls-by-end, calls-over
-- ARGV: holdMs, then for each call: callId, age, caller, callerSession, callee, calleeSession, body
-- Returns the ids of those that are over. The script also ends calls that no node has prolonged for two times holdMs.
-- @include calls

-- Whether the user is in a call other than this one.
local function isInAnother(user, id)
  local call = findCallOf(user)
  return call and call.id ~= id
end

local at = now()
local holdMs = tonumber(ARGV[1])
local over = {}
for n = 2, #ARGV, 7 do
  local id = ARGV[n]
  local call = findCall(id)
  if call and call.state == "active" then
    call.ends = at + holdMs
    call.body = ARGV[n + 6]
    saveCall(call)
  elseif redis.call("ZSCORE", key["calls-over"], id) or isInAnother(ARGV[n + 2], id) or isInAnother(ARGV[n + 4], id) then
    over[#over + 1] = id
  else
    saveCall({
      id = id,
      state = "active",
      since = at - tonumber(ARGV[n + 1]),
      ends = at + holdMs,
      caller = ARGV[n + 2],
      callerSession = ARGV[n + 3],
      callee = ARGV[n + 4],
      calleeSession = ARGV[n + 5],
      body = ARGV[n + 6],
    })
  end
end
endForgottenCalls(at, holdMs)
return over
