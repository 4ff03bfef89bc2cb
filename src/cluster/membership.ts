/**
 * This node among the others: keeps its lease, knows the other nodes, and notices the one that stopped renewing.
 *
 *     unregistered --register--> leased --renewed every 2 s--> leased
 *          ^                        `--somebody has claimed it--> unregistered
 *
 * While the store can't be asked nothing changes: who is alive is not decided there.
 */
import type { Clock, Timer } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { Loop } from "../kernel/loop.js";
import type { Bus } from "../ports/bus.js";
import { LEASE_MS, type Directory, type NodeView } from "../ports/directory.js";
import type { ClusterEvents } from "./events.js";

const RENEW_INTERVAL_MS = 2_000;
/** After a renewal that failed: a few lost messages must not cost the lease. */
const RETRY_MS = 500;
/**
 * How long a lease must be seen to have run out before its entries are taken over. After an outage of the store all leases
 * have run out, and every node needs the time to renew its own.
 */
export const DOUBT_MS = 4_000;

export class Membership {
  readonly #clock: Clock;
  readonly #directory: Directory;
  readonly #bus: Bus;
  readonly #url: string | undefined;
  readonly #events: Emitter<ClusterEvents>;
  readonly #loop: Loop;
  /** Since when each lease is seen to have run out, monotonic milliseconds. */
  readonly #suspects = new Map<string, { since: number; node: NodeView }>();
  #nodes: readonly NodeView[] = [];
  #epoch: number | undefined;
  #renewedAt = -Infinity;
  #isUp = false;
  /** When the first of the renewals failed that have failed until now. A pause of this process is none. */
  #failingSince: number | undefined;
  /** A store that has forgotten this node may have forgotten who has which room, too; until then the others tell it. */
  #settledAt = -Infinity;
  #retry: Timer | undefined;
  #closed = false;
  #draining = false;

  constructor(options: {
    clock: Clock;
    directory: Directory;
    bus: Bus;
    /** Where clients reach this node. */
    url: string | undefined;
    events: Emitter<ClusterEvents>;
  }) {
    this.#clock = options.clock;
    this.#directory = options.directory;
    this.#bus = options.bus;
    this.#url = options.url;
    this.#events = options.events;
    this.#loop = new Loop({
      clock: this.#clock,
      intervalMs: RENEW_INTERVAL_MS,
      task: () => this.#beat(),
      onError: (error) => this.#fail(error),
    });
  }

  /** The nodes as of the last renewal, this one included. */
  get nodes(): readonly NodeView[] {
    return this.#nodes;
  }

  /** Nodes whose lease holds, this one included. */
  get others(): readonly NodeView[] {
    return this.#nodes.filter(({ nodeId, expired }) => nodeId !== this.#directory.nodeId && !expired);
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** Whether the store answered the last time it was asked. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Whether the store has not answered for longer than a lease, however often it was asked. */
  get isStoreAway(): boolean {
    return this.#failingSince !== undefined && this.#clock.mono() - this.#failingSince > LEASE_MS;
  }

  /** Whether a room that the store does not know can be believed to be new. */
  get isSettled(): boolean {
    return this.#clock.mono() >= this.#settledAt;
  }

  /** Resolves after the first attempt, whether it succeeded or not. */
  start(): Promise<void> {
    return this.#loop.runNow();
  }

  /** Renews now: after a pause of the process, or because something has to be known. */
  renew(): Promise<void> {
    return this.#loop.runNow();
  }

  /** From now on this node takes no new rooms, and nothing of dead nodes as long as another one can. */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.#loop.runNow();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    await this.#loop.close();
    await this.#directory.resign().catch((error: unknown) => this.#fail(error));
  }

  /** Leases that have been out for longer than the doubt allows, if this node is one to take over what they held. */
  dead(): readonly NodeView[] {
    // Of the last other node's people nobody else would ever know.
    if (this.#draining && this.others.some(({ draining }) => !draining)) return [];
    const now = this.#clock.mono();
    return [...this.#suspects.values()].filter(({ since }) => now - since >= DOUBT_MS).map(({ node }) => node);
  }

  async #beat(): Promise<void> {
    const silentMs = this.#clock.mono() - this.#renewedAt;
    // Whoever was away himself has not seen how long the others were.
    if (silentMs > 2 * RENEW_INTERVAL_MS) this.#suspects.clear();
    if (this.#epoch === undefined) await this.#register();
    const outcome = await this.#directory.renew({ draining: this.#draining, sent: this.#bus.sent });
    if (outcome.kind === "no_lease") {
      this.#events.emit("lease_lost", { silentMs });
      this.#epoch = undefined;
      this.#settledAt = this.#clock.mono() + DOUBT_MS;
      await this.#register();
      return;
    }
    this.#renewedAt = this.#clock.mono();
    this.#isUp = true;
    this.#failingSince = undefined;
    this.#nodes = outcome.nodes;
    this.#suspect(outcome.nodes);
    for (const { nodeId, epoch, sent } of this.others) this.#bus.compare(nodeId, epoch, sent);
    this.#events.emit("renewed", { nodes: outcome.nodes });
  }

  async #register(): Promise<void> {
    const { epoch } = await this.#directory.register(this.#url);
    this.#epoch = epoch;
    this.#events.emit("registered", { epoch });
  }

  #suspect(nodes: readonly NodeView[]): void {
    const expired = new Map(nodes.filter((node) => node.expired).map((node) => [leaseOf(node), node]));
    for (const lease of this.#suspects.keys()) if (!expired.has(lease)) this.#suspects.delete(lease);
    for (const [lease, node] of expired) {
      if (this.#suspects.has(lease)) continue;
      this.#suspects.set(lease, { since: this.#clock.mono(), node });
      this.#events.emit("suspected", { nodeId: node.nodeId, doubtMs: DOUBT_MS });
    }
  }

  #fail(error: unknown): void {
    this.#isUp = false;
    this.#failingSince ??= this.#clock.mono();
    this.#retry?.cancel();
    if (!this.#closed) this.#retry = this.#clock.after(RETRY_MS, () => void this.#loop.runNow());
    this.#events.emit("unreachable", { error });
  }
}

function leaseOf({ nodeId, epoch }: NodeView): string {
  return `${nodeId}@${epoch}`;
}
