-- Sends a message about users to the nodes that follow one of them, and to those that have not written yet whom they follow. Redis
-- numbers the messages to each node, so that the node notices a loss. The way is "sharded" or "everywhere". Also removes followers whose lease is gone.
-- KEYS: followers, format, leases, messages-by-lease
-- ARGV: nodeId of the sender, what a channel to a node begins with, frame without its last character, way, and for each user: the id
-- Returns nothing.
-- @include lex
-- @include deliver

local latest = {}
local function add(lease)
  local node, epoch = string.match(lease, "^(.*)@(%d+)$")
  if node ~= ARGV[1] and (not latest[node] or tonumber(epoch) > latest[node].epoch) then
    latest[node] = { lease = lease, epoch = tonumber(epoch) }
  end
end

-- Nearly always each lease has its mark, and the counts say so: no lease has to be looked at. Whoever can read format 2 sets a mark,
-- and removes it together with the lease. After a loss the counts can be the same by chance. Then a node without a mark gets
-- nothing until it has written its mark, and then it reads again how things stand.
local function areAllMarked()
  local format = tonumber(redis.call("GET", key["format"]) or 1)
  return format >= 2 and countOwned("followers", "") == redis.call("HLEN", key["leases"])
end

if not areAllMarked() then
  local isMarked = {}
  for _, lease in ipairs(owned("followers", "", -1)) do
    isMarked[lease] = true
  end
  local leases = redis.call("HGETALL", key["leases"])
  for n = 1, #leases, 2 do
    if not isMarked[leases[n]] then
      add(leases[n])
    end
  end
end
for n = 5, #ARGV do
  for _, lease in ipairs(owned("followers", ARGV[n], -1)) do
    if redis.call("HEXISTS", key["leases"], lease) == 1 then
      add(lease)
    else
      disown("followers", ARGV[n], lease)
    end
  end
end
for node, to in pairs(latest) do
  local number = redis.call("ZADD", key["messages-by-lease"], "XX", "INCR", 1, to.lease)
  local numbered = number and string.format(',"lease":%s,"nth":%.0f', cjson.encode(to.lease), number) or ""
  deliver(ARGV[2] .. node, ARGV[3] .. numbered .. "}", ARGV[4])
end
