-- Reads a page of the rooms that are held under a lease. Removes an index entry whose room is gone.
-- KEYS: rooms, rooms-by-lease
-- ARGV: lease, last roomId of the page before (or empty), most
-- Returns {last roomId of this page (or empty: no page follows), roomId, ...}.
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
