-- Holds a node's name for one process, if this process can read what is stored.
--
-- The key `format` has the format of what is stored. A process that reads a newer one raises it as soon as all nodes that are
-- alive can read it, so nodes of two versions can run side by side.
-- KEYS: format, node-names, leases, lease-ends, lease-news, loads, sessions-by-lease
-- ARGV: nodeId, process, holdMs, url (or empty), oldest format, newest format, format that this process has seen (or 0), process to replace (or empty), its holds
-- Returns {"unreadable", format}, {"taken", process, holds, over (0 or 1), url} or {"held", format}.
-- @include lex
-- @include leases
-- @include lease-news
-- @include loads
-- @include lease-indexes
-- @include names

local nodeId, process = ARGV[1], ARGV[2]
local oldest, newest, seen = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local at = now()

-- A format above 1000 says over how many shards rooms and sessions are divided. Its nodes read no other.
local function dividedFormat()
  local divided = 1
  local found = redis.call("HGETALL", key["node-names"])
  for n = 2, #found, 2 do
    local newestOfNode = parseName(found[n]).newest
    divided = newestOfNode > 1000 and newestOfNode or divided
  end
  return divided
end

-- Builds without this key wrote format 1. After a loss of the key, the nodes know what it was. Where nothing is stored, the first
-- node chooses.
local stored = tonumber(redis.call("GET", key["format"]) or 0)
local known = math.max(stored, seen)
if known == 0 then
  known = redis.call("HLEN", key["leases"]) == 0 and oldest or dividedFormat()
end
local format = math.max(known, 1)
if format < oldest or format > newest then
  return { "unreadable", format }
end

local holder = findName(nodeId)
local isOwn = holder and holder.process == process
if holder and not isOwn and not (holder.process == ARGV[8] and holder.holds == tonumber(ARGV[9])) then
  return { "taken", holder.process, holder.holds, holder.endsAt <= at and 1 or 0, holder.url }
end
redis.call("HSET", key["node-names"], nodeId, string.format("%s %.0f %.0f %d %s", process,
  isOwn and holder.holds + 1 or 1, at + tonumber(ARGV[3]), newest, ARGV[4]))

-- The newest format that all nodes can read. A node of a build without names has a lease only.
local function newestOfAll()
  local newestForAll = newest
  local found = redis.call("HGETALL", key["node-names"])
  local known = {}
  for n = 1, #found, 2 do
    local other = parseName(found[n + 1])
    known[found[n]] = true
    if other.endsAt > at then
      newestForAll = math.min(newestForAll, other.newest)
    end
  end
  for _, lease in ipairs(allLeases()) do
    if not known[lease.nodeId] and not lease.claimed and not isExpired(lease, at) then
      return 1
    end
  end
  return newestForAll
end

if format < newest then
  format = math.max(format, newestOfAll())
end
if format >= 2 and stored < 2 then
  indexLeases(at)
end
if format ~= stored then
  redis.call("SET", key["format"], string.format("%d", format))
end
return { "held", format }
