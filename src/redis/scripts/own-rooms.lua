-- A page of the rooms that are held under a lease. An index entry without its room is removed.
-- KEYS: rooms, rooms-by-lease
-- ARGV: lease, last roomId of the page before (or empty), most
-- Returns {last roomId of this page (or empty: it was the last page), roomId, ...}.
-- @include lex

local page = ownedAfter("rooms-by-lease", ARGV[1], ARGV[2], tonumber(ARGV[3]))
local rooms = { page[tonumber(ARGV[3])] or "" }
for _, roomId in ipairs(page) do
  if redis.call("HGET", key["rooms"], roomId) == ARGV[1] then
    rooms[#rooms + 1] = roomId
  else
    disown("rooms-by-lease", ARGV[1], roomId)
  end
end
return rooms
