/**
 * This node as one of many. It renews its lease, knows the other nodes, and notices a node that does not renew its lease.
 *
 *     unregistered --its name is held, register--> leased --renewed every 2 s--> leased
 *          ^                                          `--another node has claimed it--> unregistered
 *
 * While the store does not answer, nothing changes: the store does not decide who is alive.
 */
import { delay, type Clock, type Timer } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { Loop } from "../kernel/loop.js";
import type { Bus } from "../ports/bus.js";
import { LEASE_MS, type Directory, type NodeView } from "../ports/directory.js";
import { leaseId, type LeaseId } from "../ports/lease-id.js";
import type { NodeName } from "../ports/node-name.js";
import type { ClusterEvents } from "./events.js";
import { NameWatch } from "./name-watch.js";
import type { Unfit } from "./unfit.js";

const RENEW_INTERVAL_MS = 2_000;
/**
 * Pause after a failed renewal, and while this node waits for its name. It is short, so that a few lost messages do not cost the
 * lease.
 */
const RETRY_MS = 500;
/**
 * A node takes over the entries of a lease that it has seen expired for this time. After an outage of the store all leases
 * have run out, and every node needs this time to renew its own.
 */
export const TAKEOVER_AFTER_MS = 4_000;

export class Membership {
  readonly #clock: Clock;
  readonly #directory: Directory;
  readonly #bus: Bus;
  readonly #url: string | undefined;
  readonly #events: Emitter<ClusterEvents>;
  readonly #loop: Loop;
  readonly #name: NameWatch | undefined;
  /** Another process may have this node's name. */
  #isWaiting = false;
  #unfit: Unfit | undefined;
  /** Since when this node has seen each lease expired, monotonic milliseconds. */
  readonly #suspects = new Map<LeaseId, { since: number; node: NodeView }>();
  #nodes: readonly NodeView[] = [];
  #epoch: number | undefined;
  #renewedAt = -Infinity;
  #isUp = false;
  /** When the first renewal failed of those that have failed without a success in between; undefined after a success. */
  #failingSince: number | undefined;
  /**
   * A store that has forgotten this node can have forgotten the rooms of the other nodes as well. Until this time the other
   * nodes write their rooms again. Monotonic milliseconds.
   */
  #roomsWrittenAt = -Infinity;
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
    /** Undefined where nobody else can have the name. */
    name?: NodeName | undefined;
  }) {
    this.#clock = options.clock;
    this.#directory = options.directory;
    this.#bus = options.bus;
    this.#url = options.url;
    this.#events = options.events;
    this.#name = options.name && new NameWatch(options.clock, options.name, options.events);
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

  /** The other nodes whose lease holds. */
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

  /** Whether the store has not answered for longer than a lease lasts. */
  get isStoreAway(): boolean {
    return this.#failingSince !== undefined && this.#clock.mono() - this.#failingSince > LEASE_MS;
  }

  /** Whether a room that the store does not know can be taken for a new room. */
  get isSettled(): boolean {
    return this.#clock.mono() >= this.#roomsWrittenAt;
  }

  /**
   * Resolves after the first attempt, whether it succeeded or not. While another process may have this node's name, it waits
   * until that is known: a lease's time at most.
   *
   * @returns why this process must not be a node; undefined when it may be
   */
  async start(): Promise<Unfit | undefined> {
    await this.#loop.runNow();
    while (this.#isWaiting && !this.#closed) {
      await delay(this.#clock, RETRY_MS);
      await this.#loop.runNow();
    }
    return this.#unfit;
  }

  /** Renews now, after a pause of the process. */
  renew(): Promise<void> {
    return this.#loop.runNow();
  }

  /** From now on this node takes no new rooms, and takes over nothing of dead nodes while another node can. */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.#loop.runNow();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    await this.#loop.close();
    await this.#directory.resign().catch((error: unknown) => this.#fail(error));
    // When the store does not answer, the hold ends by itself.
    await this.#name?.release().catch(() => undefined);
  }

  /** The leases whose entries this node takes over: those that it has seen expired for {@link TAKEOVER_AFTER_MS}. */
  dead(): readonly NodeView[] {
    // When all other nodes drain as well, this node takes over: nobody else would.
    if (this.#draining && this.others.some(({ draining }) => !draining)) return [];
    const now = this.#clock.mono();
    return [...this.#suspects.values()].filter(({ since }) => now - since >= TAKEOVER_AFTER_MS).map(({ node }) => node);
  }

  async #beat(): Promise<void> {
    const silentMs = this.#clock.mono() - this.#renewedAt;
    // This node was away itself, so it has not seen how long the leases of the others were expired.
    if (silentMs > 2 * RENEW_INTERVAL_MS) this.#suspects.clear();
    if (this.#unfit || (this.#name && !(await this.#holds(this.#name)))) return;
    if (this.#epoch === undefined) await this.#register();
    const outcome = await this.#directory.renew({ draining: this.#draining, sent: this.#bus.sent });
    if (outcome.kind === "no_lease") {
      this.#events.emit("lease_lost", { silentMs });
      this.#epoch = undefined;
      this.#roomsWrittenAt = this.#clock.mono() + TAKEOVER_AFTER_MS;
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

  async #holds(name: NameWatch): Promise<boolean> {
    const outcome = await name.hold();
    this.#isWaiting = outcome === "waiting";
    if (outcome === "waiting") this.#retrySoon();
    if (typeof outcome === "object") {
      this.#unfit = outcome;
      this.#isUp = false;
      this.#events.emit("unfit", outcome);
    }
    return outcome === "held";
  }

  async #register(): Promise<void> {
    const { epoch } = await this.#directory.register(this.#url);
    this.#epoch = epoch;
    this.#events.emit("registered", { epoch });
  }

  #suspect(nodes: readonly NodeView[]): void {
    const expired = new Map(nodes.filter((node) => node.expired).map((node) => [leaseId(node), node]));
    for (const lease of this.#suspects.keys()) if (!expired.has(lease)) this.#suspects.delete(lease);
    for (const [lease, node] of expired) {
      if (this.#suspects.has(lease)) continue;
      this.#suspects.set(lease, { since: this.#clock.mono(), node });
      this.#events.emit("suspected", { nodeId: node.nodeId, doubtMs: TAKEOVER_AFTER_MS });
    }
  }

  #fail(error: unknown): void {
    this.#isUp = false;
    this.#isWaiting = false;
    this.#failingSince ??= this.#clock.mono();
    this.#retrySoon();
    this.#events.emit("unreachable", { error });
  }

  #retrySoon(): void {
    this.#retry?.cancel();
    if (!this.#closed) this.#retry = this.#clock.after(RETRY_MS, () => void this.#loop.runNow());
  }
}
