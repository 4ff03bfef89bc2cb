/**
 * Makes this node one of many. The store says which nodes renew their leases and what each node holds. The cluster changes
 * this node's sessions and rooms accordingly, through {@link LocalState}.
 */
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../ports/bus.js";
import type { Directory, NodeView } from "../ports/directory.js";
import type { Actor } from "../session/actor.js";
import type { Session } from "../session/session.js";
import { Arrivals } from "./arrivals.js";
import { Audit } from "./audit.js";
import type { LocalState } from "./local-state.js";
import { SessionReconciler } from "./session-reconciler.js";
import { Drain } from "./drain.js";
import type { ClusterEvents } from "./events.js";
import type { Membership } from "./membership.js";
import { Rebalance } from "./rebalance.js";
import { Takeover } from "./takeover.js";
import type { Unfit } from "./unfit.js";

/** When its own process has paused for this time or longer, a node renews at once, to see whether it still has its lease. */
const LONG_PAUSE_MS = 2_000;
/** An audit at least every five minutes: the counts can be equal by chance although the entries differ. */
const RENEWALS_PER_AUDIT = 150;

export class Cluster {
  readonly #nodeId: string;
  readonly #membership: Membership;
  readonly #takeover: Takeover;
  readonly #arrivals: Arrivals;
  readonly #reconciler: SessionReconciler;
  readonly #audit: Audit;
  readonly #drain: Drain;
  readonly #rebalance: Rebalance;
  readonly #unfollow: (() => void)[];
  #wasUnreachable = false;
  #renewals = 0;

  constructor(options: {
    /** It exists before the cluster, because other parts of the service use it. The cluster starts and closes it. */
    membership: Membership;
    clock: Clock;
    directory: Directory;
    bus: Bus;
    local: LocalState;
    events: Emitter<ClusterEvents>;
    /** From 0 to 1. */
    random: () => number;
    /** How many sessions a second may move to a node that has fewer than its share; 0: none. */
    rebalancePerSecond: number;
  }) {
    const { membership, clock, directory, bus, local, events, random, rebalancePerSecond: perSecond } = options;
    this.#nodeId = directory.nodeId;
    this.#membership = membership;
    this.#takeover = new Takeover({
      clock,
      directory,
      events,
      // An audit may have adopted some of them meanwhile, and they may have ended since.
      adopt: (entries, fromNodeId) =>
        local.adopt(
          entries.filter((entry) => !local.knows(entry)),
          fromNodeId,
        ),
    });
    this.#arrivals = new Arrivals({ clock, directory, local });
    const reconciler = new SessionReconciler({ clock, directory, local, arose: () => void this.#audit.run() });
    this.#reconciler = reconciler;
    const parts = { clock, directory, bus, local, reconciler, events, random };
    this.#audit = new Audit({ ...parts, arrivals: this.#arrivals });
    this.#drain = new Drain({ ...parts, membership });
    this.#rebalance = new Rebalance({ ...parts, membership, perSecond });
    this.#unfollow = [
      events.on("registered", ({ epoch }) => {
        this.#arrivals.leaseBegan(epoch);
        void this.#audit.leaseBegan(epoch);
      }),
      events.on("unreachable", () => (this.#wasUnreachable = true)),
      events.on("renewed", ({ nodes }) => this.#renewed(nodes)),
      events.on("store_lost", () => void this.#audit.run("everything")),
      events.on("taken_over", ({ result }) => {
        // The store may have moved sessions to this node although the answer did not arrive.
        if (result === "failed") void this.#audit.run();
      }),
      bus.on("message", ({ message }) => {
        if (message.type === "handed_over") this.#arrived(message.sessionIds);
      }),
    ];
  }

  /** All nodes as of the last renewal, this one included. */
  get nodes(): readonly NodeView[] {
    return this.#membership.nodes;
  }

  /** The other nodes whose lease holds. */
  get others(): readonly NodeView[] {
    return this.#membership.others;
  }

  /** Whether the store answered the last time it was asked. */
  get isUp(): boolean {
    return this.#membership.isUp;
  }

  /** Whether the store has not answered for longer than a lease lasts. Then nobody should wait for it. */
  get isStoreAway(): boolean {
    return this.#membership.isStoreAway;
  }

  /** Whether a room that the store does not know can be taken for a new room. */
  get isSettled(): boolean {
    return this.#membership.isSettled;
  }

  get isDraining(): boolean {
    return this.#membership.isDraining;
  }

  /**
   * Resolves after the first attempt to reach the store, whether it succeeded or not.
   *
   * @returns why this process must not be a node; undefined when it may be
   */
  start(): Promise<Unfit | undefined> {
    return this.#membership.start();
  }

  /** The process has paused. @param lateMs how long, milliseconds */
  stalled(lateMs: number): void {
    if (lateMs >= LONG_PAUSE_MS) void this.#membership.renew();
  }

  /** The store was asked to give this session to another node, and has not answered. */
  perhapsGiven(session: Session): void {
    this.#reconciler.perhapsGiven([session]);
  }

  /**
   * Hands rooms and sessions to the other nodes. This node stays up and takes no new rooms.
   *
   * @param deadlineMs no hand-over begins after this time. The promise resolves when the hand-overs under way have ended.
   * @param by who asked for it; missing when the process stops
   */
  drain(deadlineMs: number, by?: Actor): Promise<void> {
    this.#rebalance.stop();
    return this.#drain.run(deadlineMs, by);
  }

  /**
   * Whether other nodes take over what is here when this node leaves. While the store is away for this node, they know nothing of
   * those who have come since.
   */
  get hasHeirs(): boolean {
    return !this.isStoreAway && this.others.some(({ draining, url }) => !draining && url !== undefined);
  }

  /**
   * Ends this node's lease. The other nodes take over what is still here, as if this node had died, but at once. After that
   * this node writes nothing to the directory.
   */
  leave(): Promise<void> {
    return this.#membership.close();
  }

  async close(): Promise<void> {
    for (const unfollow of this.#unfollow) unfollow();
    await this.#rebalance.close();
    await this.#drain.close();
    await this.#takeover.close();
    await this.#arrivals.close();
    await this.#audit.close();
    await this.#membership.close();
  }

  /** @param sessionIds undefined when the giving node does not say which sessions it gave */
  #arrived(sessionIds: readonly string[] | undefined): void {
    if (sessionIds === undefined) void this.#audit.run();
    else this.#arrivals.announced(sessionIds).catch(() => this.#audit.run());
  }

  #renewed(nodes: readonly NodeView[]): void {
    const takers = 1 + this.others.filter(({ draining }) => !draining).length;
    this.#takeover.begin(this.#membership.dead(), takers);
    const own = nodes.findLast(({ nodeId }) => nodeId === this.#nodeId);
    // Meanwhile the counts differ: the directory is always a little ahead.
    const isMoving = this.#drain.isRunning || this.#rebalance.isRunning || this.#takeover.isRunning;
    if (own && !isMoving) this.#audit.compareCounts(own);
    this.#rebalance.consider(nodes);
    this.#renewals += 1;
    if (!this.#wasUnreachable && this.#renewals % RENEWALS_PER_AUDIT !== 0) return;
    this.#wasUnreachable = false;
    void this.#audit.run();
  }
}
