import type { NodeView } from "../ports/directory.js";

/** What happens to this node among the others. */
export interface ClusterEvents {
  /** A lease has begun. */
  registered: { epoch: number };
  /** Somebody else has taken this node's lease, or the store has forgotten it. */
  lease_lost: { silentMs: number };
  /** The lease was renewed; `nodes` are all, this one included. */
  renewed: { nodes: readonly NodeView[] };
  /** The store could not be asked. */
  unreachable: { error: unknown };
  /** A node does not renew its lease; if it stays so for `doubtMs`, its sessions are taken over. */
  suspected: { nodeId: string; doubtMs: number };
  /** A node is dead; whatever it held is taken over from now on, here or elsewhere. */
  taking_over: { nodeId: string };
  taken_over: { nodeId: string; result: "completed" | "failed"; sessions: number; lost: number; error?: unknown };
  /** The books were compared with the directory. */
  audited: { written: number; adopted: number; fenced: number };
  draining: { deadlineMs: number; sessions: number };
  drained: { handedOver: number; left: number };
}
