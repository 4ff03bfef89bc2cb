-- Ordered indexes: sorted sets whose members all have the score 0 and read "owner member", so that everything of one
-- owner lies together. A space is below every character that ids are made of, and "!" is the character after it.

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

-- The next ones, after a member that need not exist any more; an empty text for the first.
local function ownedAfter(index, owner, after, most)
  if after == "" then
    return owned(index, owner, most)
  end
  return ownedFrom(index, owner, "(" .. owner .. " " .. after, most)
end

local function countOwned(index, owner)
  return redis.call("ZLEXCOUNT", key[index], "[" .. owner .. " ", "(" .. owner .. "!")
end

local function own(index, owner, member)
  redis.call("ZADD", key[index], 0, owner .. " " .. member)
end

local function disown(index, owner, member)
  redis.call("ZREM", key[index], owner .. " " .. member)
end
