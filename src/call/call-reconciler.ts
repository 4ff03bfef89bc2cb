import type { CallStore } from "../ports/call-store.js";
import type { BackgroundTasks } from "./background-tasks.js";
import type { CallLeaseRenewer } from "./call-lease-renewer.js";
import { finishedNews, type CallNews } from "./call-news.js";

/** Repairs what this node believes of calls: after an answer of the store was lost, or news from another node. */
export class CallReconciler {
  readonly #store: CallStore;
  readonly #news: CallNews;
  readonly #leases: CallLeaseRenewer;
  readonly #tasks: BackgroundTasks;

  constructor(parts: { store: CallStore; news: CallNews; leases: CallLeaseRenewer; tasks: BackgroundTasks }) {
    this.#store = parts.store;
    this.#news = parts.news;
    this.#leases = parts.leases;
    this.#tasks = parts.tasks;
  }

  /** News may have been missed: asks which of the known calls are over, and which ring here unheard. */
  async repair(): Promise<void> {
    try {
      await this.#leases.hold();
      for (const call of await this.#store.ringing()) this.#news.apply({ change: "ringing", call });
    } catch (error) {
      this.#leases.lookAgain("repair", () => this.#tasks.run(this.repair()));
      this.#tasks.failed("repair", error);
    }
  }

  /** It is not known what has become of the call: the store is asked as soon as it can be. */
  lookAgain(callId: string): void {
    this.#leases.lookAgain(callId, () => this.#tasks.run(this.refresh(callId)));
  }

  /** What the node believes has turned out to be wrong: the store is asked how the call stands. */
  async refresh(callId: string): Promise<void> {
    try {
      const call = await this.#store.find(callId);
      if (!call) this.foundOver(callId);
      else if (call.state === "active") this.#news.apply({ change: "accepted", call });
    } catch (error) {
      this.lookAgain(callId);
      this.#tasks.failed("refresh", error);
    }
  }

  /** A call that this node took for live is over; how it ended was told while nobody listened, or not at all. */
  foundOver(callId: string): void {
    const call = this.#news.find(callId);
    if (call) this.#news.publish(finishedNews(call, call.state === "ringing" ? "timeout" : "disconnected"));
  }
}
