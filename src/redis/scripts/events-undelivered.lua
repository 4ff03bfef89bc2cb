-- Reads a page of a run's undelivered events, ordered by the text of their ids.
-- KEYS: events, undelivered-events
-- ARGV: run, last id of the page before (or empty), most
-- Returns {{id, {"json", JSON} or {}}, ...}; fewer than most: it was the last page. {}: the log has dropped the event.
-- @include lex

local page = ownedAfter("undelivered-events", ARGV[1], ARGV[2], tonumber(ARGV[3]))
for n, id in ipairs(page) do
  local entry = redis.call("XRANGE", key["events"], id, id)[1]
  page[n] = { id, entry and entry[2] or {} }
end
return page
