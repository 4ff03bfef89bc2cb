import type { Actor } from "../session/actor.js";
import type { NodeView } from "../ports/directory.js";
import type { MovableKind } from "./movable.js";
import type { Unfit } from "./unfit.js";
import type { WrongAddress } from "./wrong-address.js";

/** What happens to this node as one of many. */
export interface ClusterEvents {
  /** This process must not be a node. From now on it renews no lease, and its owner has to end it. */
  unfit: Unfit;
  /** All nodes can read this format now, and write it from now on. */
  format_changed: { format: number };
  /** The `PUBLIC_URL` of another node does not lead to it. */
  address_wrong: WrongAddress;
  /** The address leads to its node again, or the node is gone. */
  address_cleared: { nodeId: string };
  /** A lease has begun. */
  registered: { epoch: number };
  /** Another node has claimed this node's lease, or the store has forgotten it. `silentMs`: since the last renewal. */
  lease_lost: { silentMs: number };
  /** The store has renewed the lease; `nodes` are all nodes, this one included. */
  renewed: { nodes: readonly NodeView[] };
  /** The store did not answer. */
  unreachable: { error: unknown };
  /** A node does not renew its lease. If it does not do so for `doubtMs`, the other nodes take over its sessions. */
  suspected: { nodeId: string; doubtMs: number };
  /** A node is dead. This node and the other survivors begin to take over what it held. */
  taking_over: { nodeId: string };
  /** `sessions`: how many this node has taken over. `lost`: how many of those could not go on in their rooms. */
  taken_over: { nodeId: string; result: "completed" | "failed"; sessions: number; lost: number; error?: unknown };
  /** The store has lost these parts. The nodes write again what they know; that takes seconds. */
  store_lost: { parts: readonly string[] };
  /**
   * This node has compared its local state with the directory. `written`: entries that it wrote again. `adopted`: sessions
   * that it was given. `fenced`: sessions that it gave up because another node holds their room.
   */
  audited: { written: number; adopted: number; fenced: number };
  /** This node hands over its sessions within `deadlineMs`. `by`: who asked for it; missing when the process stops. */
  draining: { deadlineMs: number; sessions: number; by?: Actor };
  /** The hand-over has ended; `left` sessions are still here. */
  drained: { handedOver: number; left: number };
  /**
   * This node begins to give sessions to a node that has fewer than its share. `own`, `theirs`: how many the two have.
   * `sessions`: how many are to move from here.
   */
  rebalancing: { to: string; own: number; theirs: number; sessions: number };
  /** A room, or a session that is in no room, has moved to a node that has fewer. `sessions`: how many went with it. */
  moved_to_share: { kind: MovableKind; sessions: number };
  /** That node has enough, or something else comes first now. `sessions`, `rooms`: what has moved to it from here. */
  rebalanced: { to: string; sessions: number; rooms: number };
}
