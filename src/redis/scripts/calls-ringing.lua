-- Lists the calls that ring at this moment.
-- KEYS: calls
-- Returns {call, ...}.
-- @include calls

local at = now()
local ringing = {}
local found = redis.call("HGETALL", key["calls"])
for n = 1, #found, 2 do
  local call = parseCall(found[n], found[n + 1])
  if call.state == "ringing" and call.ends > at then
    ringing[#ringing + 1] = viewCall(call, at)
  end
end
return ringing
