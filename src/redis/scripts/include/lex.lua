-- Ordered indexes. An index is a sorted set. Its members are texts "owner member" with the score 0, so Redis orders them by
-- their text, and all members of one owner follow each other. In this order the space comes before every character that an
-- id can have, and "!" is the character after the space.

local function ownedFrom(index, owner, start, most)
  local members = redis.call("ZRANGEBYLEX", key[index], start, "(" .. owner .. "!", "LIMIT", 0, most)
  for n, member in ipairs(members) do
    members[n] = string.sub(member, #owner + 2)
  end
  return members
end

-- The first `most` members of an owner; -1: all.
local function owned(index, owner, most)
  return ownedFrom(index, owner, "[" .. owner .. " ", most)
end

-- The first `most` members of an owner that follow the member `after`. Redis need not have that member any more. With an
-- empty `after` it reads from the first member.
local function ownedAfter(index, owner, after, most)
  if after == "" then
    return owned(index, owner, most)
  end
  return ownedFrom(index, owner, "(" .. owner .. " " .. after, most)
end

-- The first `most` owners that have members.
local function ownersOf(index, most)
  local owners = {}
  -- Marks have no owner: they begin with the space.
  local from = "[!"
  repeat
    local member = redis.call("ZRANGEBYLEX", key[index], from, "+", "LIMIT", 0, 1)[1]
    local owner = member and string.match(member, "^(%S+) ")
    if owner then
      owners[#owners + 1] = owner
      from = "[" .. owner .. "!"
    end
  until not owner or #owners >= most
  return owners
end

local function countOwned(index, owner)
  return redis.call("ZLEXCOUNT", key[index], "[" .. owner .. " ", "(" .. owner .. "!")
end

-- Returns 1 when the member is new, else 0.
local function own(index, owner, member)
  return redis.call("ZADD", key[index], 0, owner .. " " .. member)
end

local function disown(index, owner, member)
  redis.call("ZREM", key[index], owner .. " " .. member)
end
