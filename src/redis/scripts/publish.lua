-- Sends a message. In a cluster the key selects the Redis node that runs the script. So one Redis node sends all messages,
-- and they arrive in order.
-- KEYS: leases
-- ARGV: channel, frame, "sharded" or "everywhere"
-- Returns how many have heard it on a channel of a shard; -1 when Redis refuses to send on such a channel.
-- @include deliver

return deliver(ARGV[1], ARGV[2], ARGV[3])
