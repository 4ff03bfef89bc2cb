-- Finds several sessions. Leaves out those that do not exist.
-- KEYS: leases, sessions
-- ARGV: for each session: its id
-- Returns {{sessionId, line, url, leaseLeftMs}, ...}.
-- @include leases
-- @include sessions
-- @include placed

local at = now()
local found = {}
for _, sessionId in ipairs(ARGV) do
  local line = redis.call("HGET", key["sessions"], sessionId)
  if line then
    found[#found + 1] = placed(sessionId, line, at)
  end
end
return found
