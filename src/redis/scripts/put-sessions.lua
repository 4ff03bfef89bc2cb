-- Writes the entries of sessions: they are held under this lease.
-- KEYS: leases, loads, sessions, sessions-by-lease, sessions-by-room, sessions-by-user
-- ARGV: lease, and for each session: sessionId, epoch, userId, roomId (or empty), body
-- Returns for each session, in this order: {"no_lease"}, {"stored"} or {"fenced", epoch}.
-- @include lex
-- @include leases
-- @include sessions
-- @include loads
-- @include holding

local lease = validLease(ARGV[1])

local function put(id, epoch, user, room, body)
  if not lease then
    return { "no_lease" }
  end
  local previous = findSession(id)
  local fence = fenceOf(previous, epoch, lease.nodeId)
  if fence then
    return { "fenced", fence }
  end
  saveSession({ id = id, epoch = epoch, lease = lease.id, user = user, room = room, body = body }, previous)
  return { "stored" }
end

local outcomes = {}
for n = 2, #ARGV, 5 do
  outcomes[#outcomes + 1] = put(ARGV[n], tonumber(ARGV[n + 1]), ARGV[n + 2], ARGV[n + 3], ARGV[n + 4])
end
writeLoads()
return outcomes
