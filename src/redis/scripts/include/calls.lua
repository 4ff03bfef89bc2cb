-- Calls. The hash `calls` has each call under its id, as the line "state since until caller callerSession callee
-- calleeSession body". The state is "ringing", "active", or "silent": a ring that only the caller knows of, because the callee
-- has blocked the caller. A silent call is not a call of the callee. Times are in milliseconds of Redis's own clock.
-- calleeSession is empty until somebody answers. The body is JSON; the scripts only add the callee's name to it.
-- `calls-by-user` has the one call of each user. `calls-by-end` orders the calls by `until`. `calls-over` has the calls that
-- were ended, by the time of their end, so that no node takes an ended call for a lost one and writes it again.

local function now()
  local time = redis.call("TIME")
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function parseCall(id, line)
  local state, since, ends, caller, callerSession, callee, calleeSession, body =
    string.match(line, "^(%S+) (%d+) (%d+) (%S+) (%S+) (%S+) (%S*) (.*)$")
  return {
    id = id,
    state = state,
    since = tonumber(since),
    ends = tonumber(ends),
    caller = caller,
    callerSession = callerSession,
    callee = callee,
    calleeSession = calleeSession,
    body = body,
  }
end

local function findCall(id)
  local line = redis.call("HGET", key["calls"], id)
  return line and parseCall(id, line)
end

local function findCallOf(user)
  local id = redis.call("HGET", key["calls-by-user"], user)
  return id and findCall(id)
end

local function saveCall(call)
  local line = string.format("%s %.0f %.0f %s %s %s %s %s", call.state, call.since, call.ends, call.caller,
    call.callerSession, call.callee, call.calleeSession, call.body)
  redis.call("HSET", key["calls"], call.id, line)
  redis.call("HSET", key["calls-by-user"], call.caller, call.id)
  if call.state ~= "silent" then
    redis.call("HSET", key["calls-by-user"], call.callee, call.id)
  end
  redis.call("ZADD", key["calls-by-end"], string.format("%.0f", call.ends), call.id)
end

-- Removes a call, and remembers for rememberMs that it was ended.
local function endCall(call, at, rememberMs)
  redis.call("HDEL", key["calls"], call.id)
  for _, user in ipairs({ call.caller, call.callee }) do
    -- After the loss of a key, the user can be in another call by now.
    if redis.call("HGET", key["calls-by-user"], user) == call.id then
      redis.call("HDEL", key["calls-by-user"], user)
    end
  end
  redis.call("ZREM", key["calls-by-end"], call.id)
  redis.call("ZADD", key["calls-over"], string.format("%.0f", at), call.id)
  redis.call("ZREMRANGEBYSCORE", key["calls-over"], "-inf", string.format("%.0f", at - rememberMs))
end

-- Ends the calls that no node has ended or prolonged for holdMs after their end: their nodes are dead.
local function endForgottenCalls(at, holdMs)
  local forgotten = string.format("%.0f", at - holdMs)
  for _, id in ipairs(redis.call("ZRANGEBYSCORE", key["calls-by-end"], "-inf", forgotten, "LIMIT", 0, 100)) do
    local call = findCall(id)
    if call then
      endCall(call, at, holdMs)
    else
      redis.call("ZREM", key["calls-by-end"], id)
    end
  end
end

-- A body with another name of the callee. Who reads JSON takes the last of two fields with one name. The scripts do not parse
-- the body, because cjson refuses text that nodes may write, such as half of a character.
local function withCalleeName(body, name)
  return string.sub(body, 1, -2) .. ',"calleeName":' .. name .. "}"
end

-- Makes a ringing call active: this session has answered it.
local function activateCall(call, session, body, at, holdMs)
  call.state = "active"
  call.since = at
  call.ends = at + holdMs
  call.calleeSession = session
  call.body = body
  saveCall(call)
end

-- {callId, state, age, remaining, caller, callerSession, callee, calleeSession, body}
local function viewCall(call, at)
  return {
    call.id,
    call.state,
    at - call.since,
    math.max(0, call.ends - at),
    call.caller,
    call.callerSession,
    call.callee,
    call.calleeSession,
    call.body,
  }
end
