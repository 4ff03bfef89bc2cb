/** How a call ends, whoever ends it: the store decides; of all who try, the one whose attempt it was counts and tells. */
import type { Emitter } from "../kernel/emitter.js";
import type { CallEnd, CallRecord, CallStore, EndCondition } from "../ports/call-store.js";
import type { CallOutcome, LifecycleEvents } from "../session/events.js";
import type { CallReconciler } from "./call-reconciler.js";
import { unreachable, type BackgroundTasks } from "./background-tasks.js";
import type { CallLeaseRenewer } from "./call-lease-renewer.js";
import { finishedNews, type CallNews } from "./call-news.js";

/** Who wants to end a call, and what it is then said to have come to. */
export interface Ending {
  readonly condition: EndCondition;
  readonly how: CallEnd | ((call: CallRecord) => CallEnd);
  /** The session that ends it. */
  readonly by?: string;
  /**
   * The condition under which it is ended later, when the store can't be asked now: those here are told at once that the
   * call is over, so it has to be, whatever became of it meanwhile. Without one the attempt has failed.
   */
  readonly late?: EndCondition;
}

export class CallEndings {
  readonly #store: CallStore;
  readonly #news: CallNews;
  readonly #leases: CallLeaseRenewer;
  readonly #reconciler: CallReconciler;
  readonly #tasks: BackgroundTasks;
  readonly #events: Emitter<LifecycleEvents>;

  constructor(parts: {
    store: CallStore;
    news: CallNews;
    leases: CallLeaseRenewer;
    reconciler: CallReconciler;
    tasks: BackgroundTasks;
    events: Emitter<LifecycleEvents>;
  }) {
    this.#store = parts.store;
    this.#news = parts.news;
    this.#leases = parts.leases;
    this.#reconciler = parts.reconciler;
    this.#tasks = parts.tasks;
    this.#events = parts.events;
  }

  /**
   * Ends a call if the condition holds; `false` when it does not. An end that the store can't be told of now is carried
   * out here at once and there as soon as it can.
   *
   * @throws LastseenError `overloaded`
   */
  async finish(callId: string, ending: Ending): Promise<boolean> {
    try {
      const outcome = await this.#store.finish(callId, ending.condition);
      if (outcome.kind === "gone") return false;
      this.finished(outcome.call, comesTo(ending, outcome.call), ending.by);
      return true;
    } catch (error) {
      this.#tasks.failed("finish", error);
      if (this.#finishHere(callId, ending)) return true;
      if (this.#news.find(callId)) this.#reconciler.lookAgain(callId);
      throw unreachable(error);
    }
  }

  /** The one place where the end of a call is counted: whoever removed it from the store comes here. */
  finished(call: CallRecord, how: CallEnd, by?: string): void {
    this.#events.emit("call_finished", { callId: call.callId, outcome: outcomeOf(call, how) });
    this.#news.publish(finishedNews(call, how, by));
  }

  /** Nobody knows when the store can be told: here the call is over, if the ending is one that may be late. */
  #finishHere(callId: string, ending: Ending): boolean {
    const { condition, by, late } = ending;
    const call = this.#news.find(callId);
    if (!call || !late || !meets(call, condition)) return false;
    const how = comesTo(ending, call);
    this.#leases.finishLater(callId, late, (ended) => {
      if (ended) this.finished(ended, how, by);
      // It was carried out the first time after all, and nobody elsewhere has heard of it.
      else if (late.session !== undefined) this.#news.publish(finishedNews(call, how, by));
    });
    this.#news.apply(finishedNews(call, how, by));
    return true;
  }
}

/** One of the two ends the call, in whatever state it is. */
export function endBy(session: string, how: Ending["how"]): Ending {
  return { condition: { session }, how, by: session, late: { session } };
}

function comesTo({ how }: Ending, call: CallRecord): CallEnd {
  return typeof how === "string" ? how : how(call);
}

function meets({ state, caller, callee }: CallRecord, condition: EndCondition): boolean {
  if (condition.state !== undefined && condition.state !== state) return false;
  return condition.session === undefined || [caller.sessionId, callee.sessionId].includes(condition.session);
}

function outcomeOf({ state }: CallRecord, how: CallEnd): CallOutcome {
  if (how === "hangup") return state === "ringing" ? "cancelled" : "ended";
  return how === "kicked" ? "disconnected" : how;
}
