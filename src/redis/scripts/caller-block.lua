-- Adds a caller to the blocked callers of a user.
-- KEYS: blocked-callers, blocked-callers-copy
-- ARGV: callee, caller, most of this callee, most of all
-- Returns "added" or "full".
-- @include lex

local index = "blocked-callers"
if redis.call("ZSCORE", key["blocked-callers"], ARGV[1] .. " " .. ARGV[2]) then
  return "added"
end
local isFull = countOwned(index, ARGV[1]) >= tonumber(ARGV[3])
  or redis.call("ZCARD", key["blocked-callers"]) - countOwned(index, "") >= tonumber(ARGV[4])
if isFull then
  return "full"
end
own(index, ARGV[1], ARGV[2])
own("blocked-callers-copy", ARGV[1], ARGV[2])
return "added"
