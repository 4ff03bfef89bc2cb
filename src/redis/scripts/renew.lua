-- Prolongs a lease, and tells its node about the other leases.
--
-- Where there are many leases, an answer has only those that have changed since the answer that the node names, and the number
-- of all. So a renewal costs the same, whatever the number of nodes. A lease whose sessions come and go one by one changes all
-- the time: such changes are told in turns, about as many at each renewal as there are in a whole list at most. What a node acts
-- on is told at once: a new lease, a drain, sessions that move. Leases that have run out are told each time.
--
-- Leases must not run out because of an outage of Redis. When no node has renewed for most of a lease's time, the nodes
-- could not reach Redis, or Redis stood still. The script then adds that time to every lease that had not run out before.
-- It does the same when Redis's clock was set back.
-- KEYS: format, leases, lease-ends, lease-news, loads, renewed-at, rooms-by-lease, sessions-by-lease
-- ARGV: lease, leaseMs, draining (0 or 1), sent, number of the latest news that this node knows (or 0), most leases in a whole list, format to write (or 0: none)
-- Returns {"no_lease"}, {"all", news, {{nodeId, epoch, url, sessions, rooms, draining, expired, sent}, ...}} or
-- {"changed", news, number of all leases, {expired lease, ...}, {{nodeId, ...}, ...}}. This node's own lease is always among them.
-- @include lex
-- @include leases
-- @include lease-news
-- @include loads
-- @include lease-indexes

local lease = validLease(ARGV[1])
if not lease then
  return { "no_lease" }
end
local leaseMs, known, most = tonumber(ARGV[2]), tonumber(ARGV[5]), tonumber(ARGV[6])
local at = now()
local before = tonumber(redis.call("GET", key["renewed-at"]) or at)
redis.call("SET", key["renewed-at"], string.format("%.0f", at))
if ARGV[7] ~= "0" then
  redis.call("SET", key["format"], ARGV[7])
end

if at - before > leaseMs * 2 / 3 or at < before then
  for _, other in ipairs(allLeases()) do
    if not other.claimed and not isExpired(other, before) then
      other.endsAt = other.endsAt + at - before
      saveLease(other)
    end
  end
end

local wasDraining = lease.draining
lease.endsAt = at + leaseMs
lease.draining = ARGV[3] == "1"
lease.sent = tonumber(ARGV[4])
saveLease(lease)
offerForRooms(lease)

local function viewOf(each)
  return {
    each.nodeId,
    each.epoch,
    each.url,
    countOwned("sessions-by-lease", each.id),
    countOwned("rooms-by-lease", each.id),
    each.draining and 1 or 0,
    isExpired(each, at) and 1 or 0,
    each.sent,
  }
end

-- A node renews three times in the time of a lease. In each third, about `most` leases have their turn.
local function isItsTurn(count)
  local toldAt = tonumber(redis.call("ZSCORE", key["lease-news"], lease.id) or 0)
  return at - toldAt >= leaseMs / 3 * (count / most - 1) or toldAt > at
end

local count = redis.call("HLEN", key["leases"])
if lease.draining ~= wasDraining or isItsTurn(count) then
  announce(lease.id, at)
end
local isIndexWhole = isIndexed("lease-ends", lease.id) and isIndexed("lease-news", lease.id)
local latest = isIndexWhole and latestNews() or 0

if count <= most or known == 0 or known > latest then
  local all = {}
  for _, each in ipairs(allLeases()) do
    all[#all + 1] = viewOf(each)
  end
  return { "all", latest, all }
end

local expired = {}
for _, id in ipairs(redis.call("ZRANGEBYSCORE", key["lease-ends"], "-inf", string.format("%.0f", at))) do
  local other = findLease(id)
  if other and isExpired(other, at) then
    expired[#expired + 1] = id
  elseif other then
    -- A node of an earlier version has renewed it.
    redis.call("ZADD", key["lease-ends"], string.format("%.0f", other.endsAt), id)
  end
end
local changed = { viewOf(lease) }
for _, id in ipairs(redis.call("ZRANGEBYSCORE", key["lease-news"], string.format("(%.0f", known), "(+inf")) do
  local other = id ~= lease.id and findLease(id)
  if other then
    changed[#changed + 1] = viewOf(other)
  end
end
return { "changed", latest, count, expired, changed }
