-- Makes a call ring, unless one of the two users is in a call already or the callee was rung too often. When the callee has
-- blocked the caller, the call is silent: it rings only for the caller.
-- KEYS: calls, calls-by-user, calls-by-end, calls-over, blocked-callers, rings, rings-by-start
-- ARGV: callId, ringMs, holdMs, caller, callerSession, callee, body, name of the caller as JSON, most rings, most rings by one caller, ring window
-- Returns {kind, call or {} or retryAfterMs, lapsed...}: kind is "ringing", "accepted", "caller_busy", "callee_busy" or
-- "rung_often"; lapsed are earlier calls of the two users whose time was over. The script has ended them.
-- @include calls
-- @include rings

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
  return result
elseif own then
  result[1] = "caller_busy"
  return result
elseif findCallOf(ARGV[6]) then
  result[1] = "callee_busy"
  return result
end

local pair = ARGV[6] .. " " .. ARGV[4]
local isSilent = redis.call("ZSCORE", key["blocked-callers"], pair)
-- The rings of a blocked caller do not use up those of the others. In all else they are counted alike, so that the blocked
-- caller does not learn of the block.
local mostRings, mostOfPair, windowMs = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local retryAfterMs = isRungOften(ARGV[6], at, mostRings, windowMs) or countRing(pair, at, mostOfPair, windowMs)
if not retryAfterMs and not isSilent then
  countRing(ARGV[6], at, mostRings, windowMs)
end
if retryAfterMs then
  result[1] = "rung_often"
  result[2] = retryAfterMs
  return result
end
local call = {
  id = ARGV[1],
  state = isSilent and "silent" or "ringing",
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
return result
