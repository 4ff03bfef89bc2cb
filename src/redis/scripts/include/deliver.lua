-- Sends a message to one node. On a channel of a shard only the Redis nodes of this shard get it; otherwise all of the cluster. A node
-- that does not listen on its channel of the shard gets it the other way: it runs an earlier version, or its subscription is lost.
-- Returns how many have heard it on the channel of the shard; -1 when Redis refuses to send on such a channel.
local function deliver(channel, frame, way)
  local refused = false
  if way == "sharded" then
    local heard = redis.pcall("SPUBLISH", channel, frame)
    if type(heard) == "number" and heard > 0 then
      return heard
    end
    refused = type(heard) ~= "number"
  end
  redis.call("PUBLISH", channel, frame)
  return refused and -1 or 0
end
