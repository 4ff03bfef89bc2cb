-- Who hears of whom. A node follows a user when messages about the user have to reach it. `followers` has user -> leases,
-- `followed-by-lease` has lease -> users. The mark of a lease is in both when all that its node follows is there.
-- `messages-by-lease` has each lease by the number of messages about users that Redis has sent to its node under this lease.

local followIndexes = { "followers", "followed-by-lease" }
-- So many users are forgotten at a time.
local MOST_FORGOTTEN = 500

-- Removes what a lease follows, some of it at a time. Returns true when nothing is left.
local function forgetFollowed(leaseId)
  local users = owned("followed-by-lease", leaseId, MOST_FORGOTTEN)
  for _, user in ipairs(users) do
    disown("followers", user, leaseId)
    disown("followed-by-lease", leaseId, user)
  end
  if #users == MOST_FORGOTTEN then
    return false
  end
  for _, index in ipairs(followIndexes) do
    redis.call("ZREM", key[index], " " .. leaseId)
  end
  redis.call("ZREM", key["messages-by-lease"], leaseId)
  return true
end
