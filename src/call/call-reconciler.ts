import type { CallStore } from "../ports/call-store.js";
import type { BackgroundTasks } from "./background-tasks.js";
import type { CallLeaseRenewer } from "./call-lease-renewer.js";
import type { CallUpdates } from "./call-updates.js";

/** Corrects what this node knows of calls, after an answer of the store or a message of another node was lost. */
export class CallReconciler {
  readonly #store: CallStore;
  readonly #updates: CallUpdates;
  readonly #leases: CallLeaseRenewer;
  readonly #tasks: BackgroundTasks;

  constructor(parts: { store: CallStore; updates: CallUpdates; leases: CallLeaseRenewer; tasks: BackgroundTasks }) {
    this.#store = parts.store;
    this.#updates = parts.updates;
    this.#leases = parts.leases;
    this.#tasks = parts.tasks;
  }

  /** Messages of other nodes were lost: asks which of the known calls are over, and which calls ring. */
  async reconcile(): Promise<void> {
    try {
      await this.#leases.renew();
      for (const call of await this.#store.ringing()) this.#updates.apply({ change: "ringing", call });
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
      else if (call.state === "active") this.#updates.apply({ change: "accepted", call });
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
