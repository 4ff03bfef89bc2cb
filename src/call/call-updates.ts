/**
 * What becomes known about a call: a part of this node reports what the store has decided, or another node does, over the
 * bus. An update is recorded in {@link KnownCalls}, and goes to the clients here and to the log.
 */
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../ports/bus.js";
import type { CallUpdate } from "../ports/call-record.js";
import type { CallEnd, CallRecord } from "../ports/call-store.js";
import type { CallStep, LifecycleEvents } from "../session/events.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";
import { isOneOf, notifyClients } from "./call-notices.js";
import type { KnownCalls } from "./known-calls.js";
import type { Presence } from "./presence.js";

export class CallUpdates {
  readonly #clock: Clock;
  readonly #bus: Bus;
  readonly #registry: SessionRegistry;
  readonly #presence: Presence;
  readonly #known: KnownCalls;
  readonly #events: Emitter<LifecycleEvents>;
  readonly #ringTimeoutMs: number;

  constructor(parts: {
    clock: Clock;
    bus: Bus;
    registry: SessionRegistry;
    presence: Presence;
    known: KnownCalls;
    events: Emitter<LifecycleEvents>;
    /** How long a call rings that nobody answers. */
    ringTimeoutMs: number;
  }) {
    this.#clock = parts.clock;
    this.#bus = parts.bus;
    this.#registry = parts.registry;
    this.#presence = parts.presence;
    this.#known = parts.known;
    this.#events = parts.events;
    this.#ringTimeoutMs = parts.ringTimeoutMs;
  }

  /** Tells every node that the call concerns, and this one. @returns whether the update was news here */
  publish(update: CallUpdate): boolean {
    const { caller, callee } = update.call;
    this.#bus.sendAbout([caller.userId, callee.userId], { type: "call", news: update });
    return this.apply(update);
  }

  /** Records an update on this node, and tells the clients here and the log. @returns whether it was news */
  apply(update: CallUpdate): boolean {
    const { call } = update;
    const wasBelievedToRing = this.#known.find(call.callId)?.state === "ringing";
    const isNews = this.#known.record(update);
    if (isNews) {
      if (update.change === "finished" && call.state === "active" && wasBelievedToRing) {
        // This node has missed the answer. Without it the devices that did not answer would ring on.
        this.#notify({ change: "accepted", call });
      }
      this.#notify(update);
      this.#logSteps(update);
    }
    this.#events.emit("call_changed", { userIds: [call.caller.userId, call.callee.userId] });
    return isNews;
  }

  /**
   * The store says that a call was answered. If that is news to the node of the callee, the store's reply to the answer was lost:
   * the node tells the others, whose devices may still ring.
   */
  foundAnswered(call: CallRecord): void {
    const update: CallUpdate = { change: "accepted", call };
    const isNews = !this.#known.isOver(call.callId) && this.#known.find(call.callId)?.state !== "active";
    const mayRing = call.ageMs <= this.#ringTimeoutMs;
    if (isNews && mayRing && this.#registry.find(call.callee.sessionId ?? "")) this.publish(update);
    else this.apply(update);
  }

  /**
   * Tells the nodes that a call is over which this node took for live. How it ended was told while this node did not
   * listen, or was never told.
   */
  publishFoundOver(callId: string): void {
    const call = this.#known.find(callId);
    if (call) this.publish(finishedUpdate(call, call.state === "ringing" ? "timeout" : "disconnected"));
  }

  #notify(update: CallUpdate): void {
    notifyClients(update, (userId) => this.#presence.sessionsHere(userId), this.#clock.wall());
  }

  #logSteps(update: CallUpdate): void {
    for (const { userId } of [update.call.caller, update.call.callee]) {
      for (const session of this.#registry.ofUser(userId)) {
        const step = stepOf(session, update);
        if (step) this.#events.emit("call_step", step);
      }
    }
  }
}

/** @param by the session that ended the call, if one did */
export function finishedUpdate(call: CallRecord, how: CallEnd, by?: string): CallUpdate {
  return { change: "finished", call, how, ...(by === undefined ? {} : { by }) };
}

/** The update as a step in the life of one session; undefined when it does not concern the session. */
function stepOf(session: Session, update: CallUpdate): CallStep | undefined {
  const { callId, kind, caller, callee, state, hidden = false } = update.call;
  const isCaller = session.id === caller.sessionId;
  if (!isCaller && (hidden || session.userId !== callee.userId)) return undefined;
  if (update.change !== "ringing" && state === "active" && !isOneOf(update.call, session)) return undefined;
  const about = { session, callId, peer: isCaller ? callee.userId : caller.userId };
  if (update.change === "finished") {
    return { ...about, step: "call over", reason: update.how, wasRinging: state === "ringing" };
  }
  if (update.change === "accepted") return { ...about, step: "call accepted", kind, hidden };
  return { ...about, step: isCaller ? "call started" : "call rings", kind, hidden };
}
