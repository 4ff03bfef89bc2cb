/** A lease is known to the scripts as "nodeId@epoch". */
export function leaseId(nodeId: string, epoch: number): string {
  return `${nodeId}@${epoch}`;
}

export function nodeOf(lease: string): string {
  return lease.slice(0, lease.lastIndexOf("@"));
}
