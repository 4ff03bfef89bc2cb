-- Sends a message about users to the nodes that follow one of them, and to those that have not written yet whom they follow. Redis
-- numbers the messages to each node, so that the node notices a loss. Also removes followers whose lease is gone.
-- KEYS: followers, leases, messages-by-lease
-- ARGV: nodeId of the sender, what a channel to a node begins with, frame without its last character, and for each user: the id
-- Returns nothing.
-- @include lex

local latest = {}
local function add(lease)
  local node, epoch = string.match(lease, "^(.*)@(%d+)$")
  if node ~= ARGV[1] and (not latest[node] or tonumber(epoch) > latest[node].epoch) then
    latest[node] = { lease = lease, epoch = tonumber(epoch) }
  end
end

local isMarked = {}
for _, lease in ipairs(owned("followers", "", -1)) do
  isMarked[lease] = true
end
local isLease = {}
local leases = redis.call("HGETALL", key["leases"])
for n = 1, #leases, 2 do
  local lease = leases[n]
  isLease[lease] = true
  if not isMarked[lease] then
    add(lease)
  end
end
for n = 4, #ARGV do
  for _, lease in ipairs(owned("followers", ARGV[n], -1)) do
    if isLease[lease] then
      add(lease)
    else
      disown("followers", ARGV[n], lease)
    end
  end
end
for node, to in pairs(latest) do
  local number = redis.call("ZADD", key["messages-by-lease"], "XX", "INCR", 1, to.lease)
  local numbered = number and string.format(',"lease":%s,"nth":%.0f', cjson.encode(to.lease), number) or ""
  redis.call("PUBLISH", ARGV[2] .. node, ARGV[3] .. numbered .. "}")
end
