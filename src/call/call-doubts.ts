import type { CallStore } from "../session/call-store.js";
import type { CallErrands } from "./call-errands.js";
import type { CallKeeper } from "./call-keeper.js";
import { finishedNews, type CallNews } from "./call-news.js";

/** Repairs what this node believes of calls: after an answer of the store was lost, or news from another node. */
export class CallDoubts {
  readonly #store: CallStore;
  readonly #news: CallNews;
  readonly #keeper: CallKeeper;
  readonly #errands: CallErrands;

  constructor(parts: { store: CallStore; news: CallNews; keeper: CallKeeper; errands: CallErrands }) {
    this.#store = parts.store;
    this.#news = parts.news;
    this.#keeper = parts.keeper;
    this.#errands = parts.errands;
  }

  /** News may have been missed: asks which of the known calls are over, and which ring here unheard. */
  async repair(): Promise<void> {
    try {
      await this.#keeper.hold();
      for (const call of await this.#store.ringing()) this.#news.apply({ change: "ringing", call });
    } catch (error) {
      this.#keeper.lookAgain("repair", () => this.#errands.run(this.repair()));
      this.#errands.failed("repair", error);
    }
  }

  /** It is not known what has become of the call: the store is asked as soon as it can be. */
  lookAgain(callId: string): void {
    this.#keeper.lookAgain(callId, () => this.#errands.run(this.refresh(callId)));
  }

  /** What the node believes has turned out to be wrong: the store is asked how the call stands. */
  async refresh(callId: string): Promise<void> {
    try {
      const call = await this.#store.find(callId);
      if (!call) this.foundOver(callId);
      else if (call.state === "active") this.#news.apply({ change: "accepted", call });
    } catch (error) {
      this.lookAgain(callId);
      this.#errands.failed("refresh", error);
    }
  }

  /** A call that this node took for live is over; how it ended was told while nobody listened, or not at all. */
  foundOver(callId: string): void {
    const call = this.#news.find(callId);
    if (call) this.#news.publish(finishedNews(call, call.state === "ringing" ? "timeout" : "disconnected"));
  }
}
