/**
 * Decides how many of its sessions a node gives to nodes that have fewer than their share, for example because they were added.
 * Each node decides for itself, from the same view: the store counts the sessions of all nodes in one moment.
 *
 * Nobody gives below the mean, and what all nodes give together lifts nobody above it. So a move never makes another move
 * necessary, and the moves end.
 */
import type { NodeView } from "../ports/directory.js";

/** A node that has less than this part of the mean gets sessions … */
const BEGIN_BELOW = 0.85;
/** … until it has this part. Both are the same for a node that comes and goes around one number, so they differ. */
const ENOUGH = 0.97;
/** Fewer sessions than this are not worth a move. */
const LEAST = 10;

/** What one node is to give to another. */
export interface Share {
  readonly to: NodeView;
  /** So many sessions make up its part of what the other node lacks. */
  readonly sessions: number;
  /** This node's part, from 0 to 1, of what all nodes give to the other one. */
  readonly part: number;
}

export interface ShareQuestion {
  /** All nodes, as the store has counted them in one moment. */
  readonly nodes: readonly NodeView[];
  readonly nodeId: string;
  /** Names of the nodes that this node gives sessions to already. */
  readonly receiving: ReadonlySet<string>;
  /** Names of the nodes that clients may not reach. */
  readonly unreachable: ReadonlySet<string>;
}

/** @returns nothing while a node dies, drains, or starts again: its sessions are about to move anyway */
export function sharesFor({ nodes, nodeId, receiving, unreachable }: ShareQuestion): readonly Share[] {
  const settled = nodes.filter((node) => !(node.draining && node.sessions === 0));
  if (settled.some(({ expired, draining }) => expired || draining) || hasTwoLeases(settled)) return [];
  const takers = settled.filter(
    (node) => node.nodeId === nodeId || (node.url !== undefined && !isIn(unreachable, node)),
  );
  const own = takers.find((node) => node.nodeId === nodeId);
  if (!own) return [];
  const mean = takers.reduce((sum, { sessions }) => sum + sessions, 0) / takers.length;
  const above = takers.reduce((sum, { sessions }) => sum + Math.max(0, sessions - mean), 0);
  const part = above > 0 ? Math.max(0, own.sessions - mean) / above : 0;
  return takers.flatMap((to) => {
    const lacks = mean - to.sessions;
    const isShort = to.sessions < mean * (isIn(receiving, to) ? ENOUGH : BEGIN_BELOW);
    const sessions = Math.floor(lacks * part);
    return isShort && lacks >= LEAST && sessions > 0 ? [{ to, sessions, part }] : [];
  });
}

/** A process that has started again has a new lease, and others take over what stands under the old one. */
function hasTwoLeases(nodes: readonly NodeView[]): boolean {
  return new Set(nodes.map(({ nodeId }) => nodeId)).size < nodes.length;
}

function isIn(names: ReadonlySet<string>, { nodeId }: NodeView): boolean {
  return names.has(nodeId);
}
