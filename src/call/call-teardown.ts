/**
 * Every end of a call: a client declines, cancels or hangs up, a session ends, a ring was not answered. Of all who try to
 * end a call at the same moment, the store lets one do it. That one counts the end and tells everybody.
 */
import type { Emitter } from "../kernel/emitter.js";
import { LastseenError } from "@lastseen/protocol";
import { endsCall, type CallEnd, type CallRecord, type CallStore, type EndCondition } from "../ports/call-store.js";
import type { CallOutcome, LifecycleEvents } from "../session/events.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";
import { storeUnreachable, type BackgroundTasks } from "./background-tasks.js";
import type { CallReconciler } from "./call-reconciler.js";
import { finishedUpdate, type CallUpdates } from "./call-updates.js";
import type { KnownCalls } from "./known-calls.js";
import type { OfflineRings } from "./offline-rings.js";
import type { Presence } from "./presence.js";

/** Nobody has answered, no matter who ends the call. */
const RINGING: EndCondition = { state: "ringing", by: "anybody" };

/** An attempt to end a call. */
interface Ending {
  readonly condition: EndCondition;
  /** How the call has then ended. */
  readonly how: CallEnd | ((call: CallRecord) => CallEnd);
  /** The session that ends the call. */
  readonly by?: string;
  /**
   * With this field, an attempt that the store does not answer still ends the call: on this node at once, and in the store
   * under this condition, as soon as it answers. Everybody here has then been told that the call is over, so the condition
   * must not depend on what the call has become meanwhile. Without this field such an attempt fails.
   */
  readonly late?: EndCondition;
}

export class CallTeardown {
  readonly #store: CallStore;
  readonly #known: KnownCalls;
  readonly #updates: CallUpdates;
  readonly #reconciler: CallReconciler;
  readonly #presence: Presence;
  readonly #registry: SessionRegistry;
  readonly #offlineRings: OfflineRings;
  readonly #tasks: BackgroundTasks;
  readonly #events: Emitter<LifecycleEvents>;

  constructor(parts: {
    store: CallStore;
    known: KnownCalls;
    updates: CallUpdates;
    reconciler: CallReconciler;
    presence: Presence;
    registry: SessionRegistry;
    offlineRings: OfflineRings;
    tasks: BackgroundTasks;
    events: Emitter<LifecycleEvents>;
  }) {
    this.#store = parts.store;
    this.#known = parts.known;
    this.#updates = parts.updates;
    this.#reconciler = parts.reconciler;
    this.#presence = parts.presence;
    this.#registry = parts.registry;
    this.#offlineRings = parts.offlineRings;
    this.#tasks = parts.tasks;
    this.#events = parts.events;
  }

  /** The callee declines a ring, for all of the callee's devices. @throws LastseenError `call_gone`, `overloaded` */
  async decline({ id, userId }: Session, callId: string): Promise<void> {
    const condition = { state: "ringing", by: { callee: userId } } as const;
    if (!(await this.#finish(callId, { condition, how: "declined", by: id }))) throw callGone();
  }

  /** The caller takes back a call that nobody has answered. @throws LastseenError `call_gone`, `overloaded` */
  async cancel({ id }: Session, callId: string): Promise<void> {
    const by = { session: id };
    const ending = {
      condition: { state: "ringing", by },
      how: "cancelled",
      by: id,
      late: { state: "any", by },
    } as const;
    if (!(await this.#finish(callId, ending))) throw callGone();
  }

  /** One of the two hangs up, in whatever state the call is. @throws LastseenError `call_gone`, `overloaded` */
  async hangUp(session: Session, callId: string): Promise<void> {
    const how = ({ state }: CallRecord) => (state === "ringing" ? "cancelled" : "hangup");
    if (await this.endFor(session, callId, how)) return;
    await this.decline(session, callId);
  }

  /**
   * Ends a call for a session that is one of the two, in whatever state the call is.
   *
   * @returns `false` when the session is in no such call
   * @throws LastseenError `overloaded`
   */
  endFor({ id }: Session, callId: string, how: Ending["how"]): Promise<boolean> {
    const condition = { state: "any", by: { session: id } } as const;
    return this.#finish(callId, { condition, how, by: id, late: condition });
  }

  /**
   * Ends a call that the store has begun or answered for a session that does not know of it, or has ended meanwhile. Nobody else
   * would end it: what the store can't be told now it is told as soon as it answers.
   *
   * @throws LastseenError `overloaded` when it is told later
   */
  async takeBack(session: Session, call: CallRecord, how: (call: CallRecord) => CallEnd): Promise<void> {
    const { callId } = call;
    try {
      await this.endFor(session, callId, how);
    } catch (error) {
      this.finishLater(callId, { state: "any", by: { session: session.id } }, (ended) => {
        if (ended) this.finished(ended, how(ended), session.id);
        // The first attempt had ended it, and its answer was lost.
        else this.#updates.publish(finishedUpdate(call, how(call), session.id));
      });
      throw error;
    }
  }

  /** Ends a ring if the callee has no session any more. One that rings offline goes on, and whoever can wake a device is told. */
  async endIfCalleeGone(call: CallRecord): Promise<void> {
    // If the directory does not answer, the callee counts as connected: the ring ends by its own time.
    if (await this.#presence.isConnected(call.callee.userId).catch(() => true)) return;
    if (call.ringOffline) this.#offlineRings.forNobody(call);
    else await this.#finish(call.callId, { condition: RINGING, how: "disconnected" });
  }

  /** The time of a ring is over. */
  async rangOut(callId: string): Promise<void> {
    const caller = this.#known.find(callId)?.caller.sessionId;
    // The caller's node ends the call even if it was answered meanwhile. Another node only stops its own devices.
    const late: EndCondition =
      caller !== undefined && this.#registry.find(caller) ? { state: "any", by: { session: caller } } : RINGING;
    if (await this.#finish(callId, { condition: RINGING, how: "timeout", late })) return;
    await this.#reconciler.refresh(callId);
  }

  /** Ends a call as soon as the store answers again. @param done gets the call if this attempt has ended it */
  finishLater(callId: string, condition: EndCondition, done: (call: CallRecord | undefined) => void): void {
    this.#tasks.tellLater(callId, async () => {
      const outcome = await this.#store.finish(callId, condition);
      done(outcome.kind === "finished" ? outcome.call : undefined);
    });
  }

  /** Counts the end of a call, and tells everybody: done by the part that has removed the call from the store. */
  finished(call: CallRecord, how: CallEnd, by?: string): void {
    this.#events.emit("call_finished", { callId: call.callId, outcome: outcomeOf(call, how) });
    this.#updates.publish(finishedUpdate(call, how, by));
  }

  /** @returns `false` when the condition does not hold. @throws LastseenError `overloaded` */
  async #finish(callId: string, ending: Ending): Promise<boolean> {
    try {
      const outcome = await this.#store.finish(callId, ending.condition);
      if (outcome.kind === "gone") return false;
      this.finished(outcome.call, howEnded(ending, outcome.call), ending.by);
      return true;
    } catch (error) {
      this.#tasks.failed("finish", error);
      if (this.#finishHereFirst(callId, ending)) return true;
      if (this.#known.find(callId)) this.#reconciler.refreshLater(callId);
      throw storeUnreachable(error);
    }
  }

  /** The store does not answer: ends the call on this node, if `ending` allows that, and tells the store later. */
  #finishHereFirst(callId: string, ending: Ending): boolean {
    const { condition, by, late } = ending;
    const call = this.#known.find(callId);
    if (!call || !late || !endsCall(condition, call)) return false;
    const how = howEnded(ending, call);
    this.finishLater(callId, late, (ended) => {
      if (ended) this.finished(ended, how, by);
      // The first attempt had ended the call, its answer was lost, and so no other node has heard of it.
      else if (late.by !== "anybody") this.#updates.publish(finishedUpdate(call, how, by));
    });
    this.#updates.apply(finishedUpdate(call, how, by));
    return true;
  }
}

export function callGone(): LastseenError {
  return new LastseenError("call_gone", "This call is over, or somebody else has answered it.");
}

function howEnded({ how }: Ending, call: CallRecord): CallEnd {
  return typeof how === "string" ? how : how(call);
}

function outcomeOf({ state }: CallRecord, how: CallEnd): CallOutcome {
  if (how === "hangup") return state === "ringing" ? "cancelled" : "ended";
  return how === "kicked" ? "disconnected" : how;
}
