-- Sends a message about users to the nodes that follow one of them. While the node of one lease has not written what it follows,
-- it sends the message to all nodes. Redis numbers the messages to each node, so that the node notices a loss.
-- KEYS: followers, leases, messages-by-lease
-- ARGV: nodeId of the sender, what a channel to a node begins with, frame without its last character, and for each user: the id
-- Returns nothing.

local latest = {}
local function add(lease)
  local node, epoch = string.match(lease, "^(.*)@(%d+)$")
  if node ~= ARGV[1] and (not latest[node] or tonumber(epoch) > latest[node].epoch) then
    latest[node] = { lease = lease, epoch = tonumber(epoch) }
  end
end

if redis.call("ZLEXCOUNT", key["followers"], "[ ", "(!") == redis.call("HLEN", key["leases"]) then
  for n = 4, #ARGV do
    local members = redis.call("ZRANGEBYLEX", key["followers"], "[" .. ARGV[n] .. " ", "(" .. ARGV[n] .. "!")
    for _, member in ipairs(members) do
      add(string.sub(member, #ARGV[n] + 2))
    end
  end
else
  local leases = redis.call("HGETALL", key["leases"])
  for n = 1, #leases, 2 do
    add(leases[n])
  end
end
for node, to in pairs(latest) do
  local number = redis.call("ZADD", key["messages-by-lease"], "XX", "INCR", 1, to.lease)
  local numbered = number and string.format(',"lease":%s,"nth":%.0f', cjson.encode(to.lease), number) or ""
  redis.call("PUBLISH", ARGV[2] .. node, ARGV[3] .. numbered .. "}")
end
