-- Finds out whether all that a node follows is in the indexes. A node that has just written all of it says so, with one of the
-- users: when Redis has lost an index meanwhile, this user is not there. Also removes what leases follow that are gone.
-- KEYS: followed-by-lease, followers, leases, messages-by-lease
-- ARGV: lease, "look" or "written", a user that was written (or empty)
-- Returns {"no_lease"}, {"whole", number of messages that were sent to this node, number of users that it follows} or {"missing",
-- name of each key without it...}.
-- @include lex
-- @include leases
-- @include following

local lease = validLease(ARGV[1])
if not lease then
  return { "no_lease" }
end
local mark = " " .. lease.id
local isThere = ARGV[3] == "" or redis.call("ZSCORE", key["followers"], ARGV[3] .. " " .. lease.id)
if ARGV[2] == "written" and isThere then
  for _, index in ipairs(followIndexes) do
    redis.call("ZADD", key[index], 0, mark)
  end
  redis.call("ZADD", key["messages-by-lease"], "NX", 0, lease.id)
end

-- A node of an earlier version takes over without removing these.
if countOwned("followers", "") > redis.call("HLEN", key["leases"]) then
  for _, id in ipairs(owned("followers", "", -1)) do
    if redis.call("HEXISTS", key["leases"], id) == 0 then
      forgetFollowed(id)
    end
  end
end

local missing = { "missing" }
for _, index in ipairs(followIndexes) do
  if not redis.call("ZSCORE", key[index], mark) then
    missing[#missing + 1] = index
  end
end
local number = redis.call("ZSCORE", key["messages-by-lease"], lease.id)
if not number then
  missing[#missing + 1] = "messages-by-lease"
end
return #missing > 1 and missing or { "whole", tonumber(number), countOwned("followed-by-lease", lease.id) }
