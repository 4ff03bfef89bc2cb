-- Finds live calls by their ids, or the live calls of users.
-- KEYS: calls, calls-by-user
-- ARGV: "call" or "user", then for each call or user: its id
-- Returns for each id the call; false where there is none.
-- @include calls

local at = now()
local found = {}
for n = 2, #ARGV do
  local call
  if ARGV[1] == "call" then
    call = findCall(ARGV[n])
  else
    call = findCallOf(ARGV[n])
  end
  found[n - 1] = call and call.ends > at and viewCall(call, at) or false
end
return found
