-- Reads a page of the users that a node follows under a lease.
-- KEYS: followed-by-lease
-- ARGV: lease, last user of the page before (or empty), most
-- Returns {last user of this page (or empty: no page follows), user, ...}.
-- @include lex

local page = ownedAfter("followed-by-lease", ARGV[1], ARGV[2], tonumber(ARGV[3]))
table.insert(page, 1, page[tonumber(ARGV[3])] or "")
return page
