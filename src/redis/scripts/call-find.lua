-- Finds live calls by their ids, or the live calls of users.
-- KEYS: calls, calls-by-user
-- ARGV: "call" or "user", then for each call or user: its id
-- Returns for each id the call; nil where there is none, "unreadable" where it can't be read.
-- @include calls

local at = now()

local function find(id)
  local call
  if ARGV[1] == "call" then
    call = findCall(id)
  else
    call = findCallOf(id)
  end
  return call and call.ends > at and viewCall(call, at) or false
end

local found = {}
for n = 2, #ARGV do
  -- One call that can't be read must not fail the questions about the others.
  local isRead, call = pcall(find, ARGV[n])
  found[n - 1] = isRead and call or not isRead and "unreadable"
end
return found
