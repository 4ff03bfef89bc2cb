-- Sends a message. In a cluster the key selects the Redis node that runs the script. So one Redis node sends all messages,
-- and they arrive in order.
-- KEYS: leases
-- ARGV: channel, frame
-- Returns nothing.

redis.call("PUBLISH", ARGV[1], ARGV[2])
