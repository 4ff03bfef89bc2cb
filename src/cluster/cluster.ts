/**
 * What makes a node one of many. Data comes from the store (who renews, who does not, what is held by whom) and goes to
 * the sessions and rooms of this node through {@link LocalState}.
 */
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../ports/bus.js";
import type { Directory, NodeView } from "../ports/directory.js";
import { Audit } from "./audit.js";
import type { LocalState } from "./local-state.js";
import { Drain } from "./drain.js";
import type { ClusterEvents } from "./events.js";
import type { Membership } from "./membership.js";
import { Takeover } from "./takeover.js";

/** After a pause of its own process that is longer, a node asks at once whether its lease is still its own. */
const LONG_PAUSE_MS = 2_000;
/** Five minutes: numbers may agree by chance although what they count does not. */
const RENEWALS_PER_AUDIT = 150;

export class Cluster {
  readonly #nodeId: string;
  readonly #membership: Membership;
  readonly #takeover: Takeover;
  readonly #audit: Audit;
  readonly #drain: Drain;
  readonly #unfollow: (() => void)[];
  #wasUnreachable = false;
  #renewals = 0;

  constructor(options: {
    /** Made before the cluster, because parts of the service ask it. The cluster starts and closes it. */
    membership: Membership;
    clock: Clock;
    directory: Directory;
    bus: Bus;
    local: LocalState;
    events: Emitter<ClusterEvents>;
    /** From 0 to 1. */
    random: () => number;
  }) {
    const { membership, clock, directory, bus, local, events, random } = options;
    this.#nodeId = directory.nodeId;
    this.#membership = membership;
    this.#takeover = new Takeover({
      clock,
      directory,
      events,
      adopt: (entries, fromNodeId) => local.adopt(entries, fromNodeId),
    });
    this.#audit = new Audit({ clock, directory, local, events });
    this.#drain = new Drain({ clock, directory, bus, membership, local, events, random });
    this.#unfollow = [
      events.on("registered", () => void this.#audit.run()),
      events.on("unreachable", () => (this.#wasUnreachable = true)),
      events.on("renewed", ({ nodes }) => this.#renewed(nodes)),
      events.on("taken_over", ({ result }) => {
        // What was taken may be this node's although it has not been told so.
        if (result === "failed") void this.#audit.run();
      }),
      bus.on("message", ({ message }) => {
        if (message.type === "handed_over") void this.#audit.run();
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

  /** Whether the store has not answered for so long that nobody is to wait for it. */
  get isStoreAway(): boolean {
    return this.#membership.isStoreAway;
  }

  /** Whether a room that the store does not know can be believed to be new. */
  get isSettled(): boolean {
    return this.#membership.isSettled;
  }

  get isDraining(): boolean {
    return this.#membership.isDraining;
  }

  /** Resolves after the first attempt to reach the store, whether it succeeded or not. */
  start(): Promise<void> {
    return this.#membership.start();
  }

  /** The process stood still for so long. */
  stalled(lateMs: number): void {
    if (lateMs >= LONG_PAUSE_MS) void this.#membership.renew();
  }

  /**
   * Hands rooms and sessions to the other nodes; this one stays up and takes nothing new.
   *
   * @param deadlineMs no hand-over begins after this time, and the promise resolves with the last that has begun
   */
  drain(deadlineMs: number): Promise<void> {
    return this.#drain.run(deadlineMs);
  }

  async close(): Promise<void> {
    for (const unfollow of this.#unfollow) unfollow();
    await this.#drain.close();
    await this.#takeover.close();
    await this.#audit.close();
    await this.#membership.close();
  }

  #renewed(nodes: readonly NodeView[]): void {
    this.#takeover.begin(this.#membership.dead());
    const own = nodes.findLast(({ nodeId }) => nodeId === this.#nodeId);
    if (own) this.#audit.compareCounts(own);
    this.#renewals += 1;
    if (!this.#wasUnreachable && this.#renewals % RENEWALS_PER_AUDIT !== 0) return;
    this.#wasUnreachable = false;
    void this.#audit.run();
  }
}
