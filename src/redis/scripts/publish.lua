-- Sends a message. A script, so that in a cluster one node sends all of them, in order; the key only tells which one.
-- KEYS: leases
-- ARGV: channel, frame
-- Returns nothing.

redis.call("PUBLISH", ARGV[1], ARGV[2])
