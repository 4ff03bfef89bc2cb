-- Makes a node hear of users, or hear no more of them.
-- KEYS: followed-by-lease, followers, leases
-- ARGV: lease, "follow" or "unfollow", and for each user: the id
-- Returns {"no_lease"} or {"written"}.
-- @include lex
-- @include leases

local lease = validLease(ARGV[1])
if not lease then
  return { "no_lease" }
end
local change = ARGV[2] == "follow" and own or disown
for n = 3, #ARGV do
  change("followers", ARGV[n], lease.id)
  change("followed-by-lease", lease.id, ARGV[n])
end
return { "written" }
