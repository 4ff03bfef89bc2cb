-- Losses that were found and whose node may not know of them, because an answer did not arrive. The hash `lost-keys` has under each
-- lease a receipt: "time name name ...". The node's next look brings the receipt back when it has arrived.

-- Adds what this node has found and not been told, and what the node of a lease that is gone has found.
local function addUntold(lost, lease, arrived)
  local receipts = redis.call("HGETALL", key["lost-keys"])
  for n = 1, #receipts, 2 do
    local id, receipt = receipts[n], receipts[n + 1]
    if string.match(id, "^(.*)@%d+$") == lease.nodeId or not findLease(id) then
      for name in string.gmatch(receipt ~= arrived and receipt or "", " (%S+)") do
        lost[name] = true
      end
      redis.call("HDEL", key["lost-keys"], id)
    end
  end
end

-- Returns the receipt; empty when nothing is lost.
local function keepUntold(names, lease, at)
  if #names == 0 then
    return ""
  end
  local receipt = string.format("%.0f %s", at, table.concat(names, " "))
  redis.call("HSET", key["lost-keys"], lease.id, receipt)
  return receipt
end
