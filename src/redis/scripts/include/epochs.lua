-- Epochs of leases, and of sessions that change their node. An epoch is greater than every epoch before it. It is never less
-- than Redis's time in milliseconds, so this is also true after Redis has lost its data or gone back to older data.
local function lastEpoch()
  return tonumber(redis.call("GET", key["epoch"]) or 0)
end

local function nextEpoch(at)
  return math.max(lastEpoch() + 1, at)
end

local function keepEpoch(epoch)
  redis.call("SET", key["epoch"], string.format("%.0f", epoch))
end

local function newEpoch(at)
  local epoch = nextEpoch(at)
  keepEpoch(epoch)
  return epoch
end

-- A node has counted up to this epoch by itself, and tells an end under it. Every epoch that the store gives from now on is greater.
-- While the key is lost, this writes only an epoch that is ahead of Redis's time: see `freshEpoch`.
local function passEpoch(epoch)
  local last = redis.call("GET", key["epoch"])
  if epoch > (tonumber(last) or now() - 1) then
    keepEpoch(epoch)
  end
end

-- The epoch of a room that begins, or of a session that a node holds again. That happens all the time, so this writes nothing while
-- the key is lost: otherwise the check could not find the loss. Until the check has written the key again, the time alone is the epoch.
local function freshEpoch(at)
  return redis.call("EXISTS", key["epoch"]) == 1 and newEpoch(at) or at
end
