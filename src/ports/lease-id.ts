/** What names a lease. Epochs grow with every lease that any node begins, so a node that comes back has another lease. */
export interface LeaseKey {
  readonly nodeId: string;
  readonly epoch: number;
}

/** "nodeId@epoch": a lease as a map's key, and as the Lua scripts name it (`src/redis/scripts/include/leases.lua`). */
export type LeaseId = `${string}@${number}`;

export function leaseId({ nodeId, epoch }: LeaseKey): LeaseId {
  return `${nodeId}@${epoch}`;
}

/**
 * Reads what {@link leaseId} writes. A node's name may contain "@".
 *
 * @throws Error when the text is no lease id
 */
export function parseLeaseId(text: string): LeaseKey {
  const match = /^(.+)@(\d+)$/.exec(text);
  if (!match) throw new Error("not a lease id: nodeId@epoch");
  const [, nodeId = "", epoch] = match;
  return { nodeId, epoch: Number(epoch) };
}
