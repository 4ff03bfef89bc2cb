import type { CallStore } from "../ports/call-store.js";
import type { BackgroundTasks } from "./background-tasks.js";
import type { CallLeaseRenewer } from "./call-lease-renewer.js";
import type { CallUpdates } from "./call-updates.js";
import type { KnownCalls } from "./known-calls.js";

/** Number of calls that are asked for at the same time. */
const AT_ONCE = 50;

/** Corrects what this node knows of calls, after an answer of the store or a message of another node was lost. */
export class CallReconciler {
  readonly #store: CallStore;
  readonly #known: KnownCalls;
  readonly #updates: CallUpdates;
  readonly #leases: CallLeaseRenewer;
  readonly #tasks: BackgroundTasks;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(parts: {
    store: CallStore;
    known: KnownCalls;
    updates: CallUpdates;
    leases: CallLeaseRenewer;
    tasks: BackgroundTasks;
  }) {
    this.#store = parts.store;
    this.#known = parts.known;
    this.#updates = parts.updates;
    this.#leases = parts.leases;
    this.#tasks = parts.tasks;
  }

  /**
   * Messages of other nodes were lost: asks which of the known calls are over or were answered, and which calls ring. While that is
   * under way, one more follows: after a lost connection the loss is told for each of the other nodes.
   */
  reconcile(): Promise<void> {
    this.#again = this.#running !== undefined;
    this.#running ??= this.#repeat();
    return this.#running;
  }

  async #repeat(): Promise<void> {
    do {
      this.#again = false;
      await this.#askForAll();
    } while (this.#again);
    this.#running = undefined;
  }

  async #askForAll(): Promise<void> {
    try {
      const believedToRing = this.#known.ringing();
      await this.#leases.renew();
      const ringing = await this.#store.ringing();
      for (const call of ringing) this.#updates.apply({ change: "ringing", call });
      const rings = new Set(ringing.map(({ callId }) => callId));
      const doubtful = believedToRing.filter((callId) => !rings.has(callId));
      for (let from = 0; from < doubtful.length; from += AT_ONCE)
        await Promise.all(doubtful.slice(from, from + AT_ONCE).map((callId) => this.refresh(callId)));
    } catch (error) {
      this.#tasks.askLater("all calls", () => this.reconcile());
      this.#tasks.failed("repair", error);
    }
  }

  /** What this node knows of a call may be wrong: asks the store about it. */
  async refresh(callId: string): Promise<void> {
    try {
      const call = await this.#store.find(callId);
      if (!call) this.#updates.publishFoundOver(callId);
      else if (call.state === "active") this.#updates.foundAnswered(call);
    } catch (error) {
      this.refreshLater(callId);
      this.#tasks.failed("refresh", error);
    }
  }

  /** Asks about a call as soon as the store answers again. */
  refreshLater(callId: string): void {
    this.#tasks.askLater(callId, () => this.refresh(callId));
  }
}
