/**
 * Gives sessions to nodes that have fewer than their share, by the same means as a drain, and slowly.
 *
 *     renewal --sharesFor--> how many to whom --the nodes stay the same for a while--> batches --HandOver--> gone
 */
import { delay, type Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../ports/bus.js";
import type { Directory, NodeView } from "../ports/directory.js";
import { leaseId } from "../ports/lease-id.js";
import type { Actor } from "../session/actor.js";
import type { SessionReconciler } from "./session-reconciler.js";
import type { ClusterEvents } from "./events.js";
import { HandOver } from "./hand-over.js";
import type { LocalState } from "./local-state.js";
import type { Membership } from "./membership.js";
import { movable, movableOf, type Movable } from "./movable.js";
import { sharesFor, type Share } from "./shares.js";

/**
 * Nothing moves until the nodes have been the same for this time: a node that has just started may go again, and by then the
 * others have asked its address twice.
 */
const CALM_MS = 15_000;
/** The sessions of one renewal move in so many batches, so that the clients come back evenly. */
const BATCHES = 4;
/** The time between two renewals, in which the batches move. */
const STEP_MS = 2_000;
/** The clients of one batch come back within this time. */
const COME_WITHIN_MS = 500;
/** Counts that differ by more than this part say that the store has lost entries, which are being written again. */
const MOST_DIFFERENCE = 0.1;
/** In the log and in the timelines: which setting has moved a session. */
const BY: Actor = { name: "REBALANCE_PER_SECOND" };

/** What this node has given to one other node since it began. */
interface Giving {
  sessions: number;
  rooms: number;
  /** How many sessions may move now. A room that is larger than what is left makes a debt. */
  credit: number;
}

export class Rebalance {
  readonly #clock: Clock;
  readonly #nodeId: string;
  readonly #membership: Membership;
  readonly #local: LocalState;
  readonly #handOver: HandOver;
  readonly #events: Emitter<ClusterEvents>;
  readonly #random: () => number;
  readonly #perSecond: number;
  readonly #unreachable = new Set<string>();
  readonly #giving = new Map<string, Giving>();
  readonly #unfollow: readonly (() => void)[];
  /** Looked up when the last ones have moved. The next one to move is the last. */
  #candidates: Movable[] = [];
  /** The leases and since when they are the same, monotonic milliseconds. */
  #known = "";
  #knownSince = 0;
  #steppedAt = -Infinity;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: {
    clock: Clock;
    directory: Directory;
    bus: Bus;
    membership: Membership;
    local: LocalState;
    reconciler: SessionReconciler;
    events: Emitter<ClusterEvents>;
    /** From 0 to 1. */
    random: () => number;
    /** So many sessions a second one node gets from all others together, and gives to all others together. 0: nothing moves. */
    perSecond: number;
  }) {
    const { clock, directory, membership, local, events, random, perSecond } = options;
    this.#clock = clock;
    this.#nodeId = directory.nodeId;
    this.#membership = membership;
    this.#local = local;
    this.#handOver = new HandOver(options);
    this.#events = events;
    this.#random = random;
    this.#perSecond = perSecond;
    this.#unfollow = [
      events.on("address_wrong", ({ nodeId }) => this.#unreachable.add(nodeId)),
      events.on("address_cleared", ({ nodeId }) => this.#unreachable.delete(nodeId)),
    ];
  }

  /** Whether sessions are on their way to other nodes. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** The lease was renewed, and these are all nodes of that moment. */
  consider(nodes: readonly NodeView[]): void {
    if (this.#perSecond === 0 || this.#stopped || this.#running) return;
    const now = this.#clock.mono();
    const isCalm = this.#isCalm(nodes, now);
    const shares = isCalm && !this.#membership.isDraining && this.#agrees(nodes) ? this.#sharesOf(nodes) : [];
    this.#note(shares, nodes);
    const seconds = Math.min(now - this.#steppedAt, 2 * STEP_MS) / 1_000;
    this.#steppedAt = now;
    if (shares.length === 0) return;
    for (const { to, part } of shares) this.#allow(to, (this.#perSecond * part * seconds) / shares.length);
    this.#running = this.#step(shares).finally(() => (this.#running = undefined));
  }

  /** Begins no more moves. A move that is under way ends. */
  stop(): void {
    this.#stopped = true;
  }

  async close(): Promise<void> {
    this.stop();
    for (const unfollow of this.#unfollow) unfollow();
    await this.#running;
  }

  #isCalm(nodes: readonly NodeView[], now: number): boolean {
    const known = nodes.map((node) => `${leaseId(node)} ${node.expired} ${node.draining}`).join();
    if (known !== this.#known) this.#knownSince = now;
    this.#known = known;
    return now - this.#knownSince >= CALM_MS;
  }

  /** Whether the store counts here what is here. */
  #agrees(nodes: readonly NodeView[]): boolean {
    const { sessions } = this.#local.counts();
    const own = nodes.findLast(({ nodeId }) => nodeId === this.#nodeId);
    return own !== undefined && Math.abs(own.sessions - sessions) <= Math.max(MOST_DIFFERENCE * sessions, 1);
  }

  #sharesOf(nodes: readonly NodeView[]): readonly Share[] {
    const receiving = new Set(this.#giving.keys());
    return sharesFor({ nodes, nodeId: this.#nodeId, receiving, unreachable: this.#unreachable });
  }

  /** Tells when this node begins to give to another one, and when it ends. */
  #note(shares: readonly Share[], nodes: readonly NodeView[]): void {
    const own = nodes.findLast(({ nodeId }) => nodeId === this.#nodeId)?.sessions ?? 0;
    for (const { to, sessions } of shares) {
      if (this.#giving.has(to.nodeId)) continue;
      this.#giving.set(to.nodeId, { sessions: 0, rooms: 0, credit: 0 });
      this.#events.emit("rebalancing", { to: to.nodeId, theirs: to.sessions, own, sessions });
    }
    for (const [nodeId, { sessions, rooms }] of this.#giving) {
      if (shares.some(({ to }) => to.nodeId === nodeId)) continue;
      this.#giving.delete(nodeId);
      this.#events.emit("rebalanced", { to: nodeId, sessions, rooms });
    }
    if (this.#giving.size === 0) this.#candidates = [];
  }

  #allow({ nodeId }: NodeView, sessions: number): void {
    const giving = this.#giving.get(nodeId);
    // What could not move, because everything here is larger, does not add up.
    if (giving) giving.credit = Math.min(giving.credit, sessions) + sessions;
  }

  async #step(shares: readonly Share[]): Promise<void> {
    const left = new Map(shares.map(({ to, sessions }) => [to, sessions]));
    for (let batch = 0; batch < BATCHES; batch += 1) {
      for (const to of left.keys()) {
        const giving = this.#giving.get(to.nodeId);
        if (this.#stopped || this.#membership.isDraining || !giving) return;
        const most = left.get(to) ?? 0;
        const chosen = this.#choose(most, giving.credit / (BATCHES - batch));
        const size = chosen.reduce((sum, each) => sum + each.size, 0);
        if (size > 0 && !(await this.#give(chosen, to, giving))) return;
        left.set(to, most - size);
      }
      await delay(this.#clock, STEP_MS / (BATCHES + 1));
    }
  }

  /**
   * @param most sessions that the other node still lacks. What is larger stays
   * @param credit the choice ends with the group with which it has so many
   */
  #choose(most: number, credit: number): Movable[] {
    const chosen: Movable[] = [];
    let size = 0;
    let looked = false;
    while (size < credit) {
      if (this.#candidates.length === 0) {
        if (looked) break;
        looked = true;
        const taken = new Set(chosen.map(({ group }) => group));
        this.#candidates = movableOf(this.#local)
          .filter(({ group }) => !taken.has(group))
          .toReversed();
      }
      const next = this.#candidates.pop();
      const now = next && movable(next.group, this.#local);
      if (!now || now.kind !== next.kind || size + now.size > most) continue;
      chosen.push(now);
      size += now.size;
    }
    return chosen;
  }

  /** @returns false when the node or the store took nothing. The next renewal tells more */
  async #give(chosen: readonly Movable[], to: NodeView, giving: Giving): Promise<boolean> {
    const comeBackMs = (): number => this.#random() * COME_WITHIN_MS;
    const groups = chosen.map(({ group }) => group);
    const outcome = await this.#handOver.move(groups, to, { comeBackMs, by: BY });
    if (outcome.kind !== "moved") return false;
    giving.sessions += outcome.sessions;
    giving.credit -= outcome.sessions;
    for (const { kind, group, size } of chosen) {
      if (outcome.stayed.includes(group)) continue;
      if ("roomId" in group) giving.rooms += 1;
      this.#events.emit("moved_to_share", { kind, sessions: size });
    }
    return true;
  }
}
