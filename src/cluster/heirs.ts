import type { NodeView } from "../ports/directory.js";
import { leaseId, type LeaseId } from "../ports/lease-id.js";

/** The nodes as of the last renewal. Each renewal makes a new list. */
export interface KnownNodes {
  readonly nodes: readonly NodeView[];
  readonly others: readonly NodeView[];
}

/** Sessions on their way to a node. */
interface Gift {
  readonly lease: LeaseId;
  readonly sessions: number;
}

/**
 * Chooses which node gets sessions of this node: the one with the fewest. What the nodes say of themselves is up to two
 * seconds old, so this class counts what they were given since then.
 */
export class Heirs {
  readonly #known: KnownNodes;
  readonly #underWay = new Set<Gift>();
  readonly #refusing = new Set<LeaseId>();
  #seen: readonly NodeView[] | undefined;
  /** What each node was given and does not count itself yet. */
  #given = new Map<LeaseId, number>();

  constructor(known: KnownNodes) {
    this.#known = known;
  }

  /** Number of nodes that can take sessions. */
  get size(): number {
    return this.#takers().length;
  }

  /**
   * Sends sessions to the node that has the fewest then.
   *
   * @param give gives them to the node; resolves to false when the node could not take them. Then it gets no more
   * @returns false when no node can take them
   */
  async give(sessions: number, give: (heir: NodeView) => Promise<boolean>): Promise<boolean> {
    const heir = this.#choose();
    if (!heir) return false;
    const gift: Gift = { lease: leaseId(heir), sessions };
    this.#underWay.add(gift);
    this.#count(gift);
    const isTaken = await give(heir);
    this.#underWay.delete(gift);
    if (!isTaken) this.#refusing.add(gift.lease);
    return isTaken;
  }

  #choose(): NodeView | undefined {
    this.#look();
    const loadOf = (node: NodeView): number => node.sessions + (this.#given.get(leaseId(node)) ?? 0);
    return this.#takers().reduce<NodeView | undefined>(
      (best, node) => (best && loadOf(best) <= loadOf(node) ? best : node),
      undefined,
    );
  }

  #takers(): readonly NodeView[] {
    return this.#known.others.filter(
      (node) => !node.draining && node.url !== undefined && !this.#refusing.has(leaseId(node)),
    );
  }

  /**
   * The store answers in the order of the questions. So a new view counts everything that was given and answered before it,
   * and nothing that is under way.
   */
  #look(): void {
    if (this.#known.nodes === this.#seen) return;
    this.#seen = this.#known.nodes;
    this.#given = new Map();
    for (const gift of this.#underWay) this.#count(gift);
  }

  #count({ lease, sessions }: Gift): void {
    this.#given.set(lease, (this.#given.get(lease) ?? 0) + sessions);
  }
}
