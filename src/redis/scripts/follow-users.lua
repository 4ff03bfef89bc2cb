-- Makes a node hear of users, and hear no more of others.
-- KEYS: followed-by-lease, followers, leases
-- ARGV: lease, number of users to hear of, and for each user: the id. Those to hear no more of come last
-- Returns {"no_lease"} or {"written"}.
-- @include lex
-- @include leases

local lease = validLease(ARGV[1])
if not lease then
  return { "no_lease" }
end
local last = 2 + tonumber(ARGV[2])
for n = 3, #ARGV do
  local change = n <= last and own or disown
  change("followers", ARGV[n], lease.id)
  change("followed-by-lease", lease.id, ARGV[n])
end
return { "written" }
