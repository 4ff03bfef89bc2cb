-- Finds a live call by its id, or the live call of a user.
-- KEYS: calls, calls-by-user
-- ARGV: "call" or "user", the id
-- Returns nil, or the call.
-- @include calls

local call = ARGV[1] == "call" and findCall(ARGV[2]) or ARGV[1] == "user" and findCallOf(ARGV[2])
local at = now()
return call and call.ends > at and viewCall(call, at) or nil
