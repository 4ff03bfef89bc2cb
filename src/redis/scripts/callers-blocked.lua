-- Lists the blocked callers of a user.
-- KEYS: blocked-callers
-- ARGV: callee
-- Returns {caller, ...}.
-- @include lex

return owned("blocked-callers", ARGV[1], -1)
