/**
 * What this node knows of its calls, and whom it tells. News comes from whoever here has heard it from the store
 * (`calls.ts`), or over the bus from the node that has; it goes into the book, to the clients here, and to the log.
 */
import type { Clock, Timer } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { CallChange } from "../ports/call-record.js";
import type { CallSnapshot } from "@lastseen/protocol";
import type { Bus } from "../ports/bus.js";
import type { CallEnd, CallRecord } from "../ports/call-store.js";
import type { CallStep, LifecycleEvents } from "../session/events.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";
import { CallBook } from "./call-book.js";
import { announce, isOneOf, snapshotFor } from "./call-notices.js";
import type { Presence } from "./presence.js";

/** Nodes that do not hold the caller end a ring so much later than the one that does, in case it has died. */
const OTHERS_WAIT_MS = 1_000;

export class CallNews {
  readonly #clock: Clock;
  readonly #bus: Bus;
  readonly #registry: SessionRegistry;
  readonly #presence: Presence;
  readonly #events: Emitter<LifecycleEvents>;
  readonly #ringOver: (callId: string) => void;
  readonly #book = new CallBook();

  constructor(options: {
    clock: Clock;
    bus: Bus;
    registry: SessionRegistry;
    presence: Presence;
    events: Emitter<LifecycleEvents>;
    /** Told when a call that this node knows of has rung for long enough. */
    ringOver: (callId: string) => void;
  }) {
    this.#clock = options.clock;
    this.#bus = options.bus;
    this.#registry = options.registry;
    this.#presence = options.presence;
    this.#events = options.events;
    this.#ringOver = options.ringOver;
  }

  get book(): CallBook {
    return this.#book;
  }

  /** The call with its durations as of now, if this node knows of it. */
  find(callId: string): CallRecord | undefined {
    return this.#book.asOf(callId, this.#clock.mono());
  }

  /** Calls whose caller is here, so that the sum over all nodes is the number of calls. */
  counts(): Record<CallRecord["state"], number> {
    const counts = { ringing: 0, active: 0 };
    for (const { caller, state } of this.#book.all()) if (this.#registry.find(caller.sessionId)) counts[state] += 1;
    return counts;
  }

  /** Users with a session here who are in a call. */
  get busyUsers(): number {
    const parties = this.#book.all().flatMap(({ caller, callee }) => [caller.userId, callee.userId]);
    return new Set(parties.filter((userId) => this.#presence.here(userId).length > 0)).size;
  }

  /** The call that a session is in, or that rings at it, as its client should know it. */
  snapshotOf(session: Session): CallSnapshot | null {
    const calls = this.#book.ofUser(session.userId).map(({ callId }) => this.find(callId));
    const seen = calls.map((call) => call && snapshotFor(session, call, this.#clock.wall()));
    return seen.find((snapshot) => snapshot !== undefined) ?? null;
  }

  /** Tells every node, this one included. @returns whether it was news here */
  publish(news: CallChange): boolean {
    this.#bus.send("all", { type: "call", news });
    return this.apply(news);
  }

  /**
   * Takes up what has become of a call: in the book, towards the clients here, in the log.
   *
   * @returns whether it was news
   */
  apply(news: CallChange): boolean {
    const { call } = news;
    const { caller, callee } = call;
    const believedToRing = this.#book.find(call.callId)?.state === "ringing";
    const isNews = this.#isNews(news);
    if (isNews) {
      if (news.change === "finished" && call.state === "active" && believedToRing) {
        // That it was answered has been missed; not every device that rings is told of the end.
        announce({ change: "accepted", call }, (userId) => this.#presence.here(userId), this.#clock.wall());
      }
      announce(news, (userId) => this.#presence.here(userId), this.#clock.wall());
      for (const { userId } of [caller, callee]) {
        for (const session of this.#registry.ofUser(userId)) this.#note(session, news);
      }
    }
    this.#events.emit("call_changed", { userIds: [caller.userId, callee.userId] });
    return isNews;
  }

  #learn(call: CallRecord): boolean {
    return this.#book.put(call, this.#clock.mono(), (ring) => this.#ringTimer(ring));
  }

  /** Writes the news down; `false` when it is older than what is known, or concerns nobody here. */
  #isNews({ change, call }: CallChange): boolean {
    const { callId } = call;
    if (this.#book.isOver(callId)) return false;
    if (change === "finished") this.#book.close(callId);
    else if (this.concerns(call)) return this.#learn(call);
    else if (change === "accepted") this.#book.leave(callId);
    return change !== "ringing";
  }

  #note(session: Session, news: CallChange): void {
    const { change, call } = news;
    const { callId, kind, caller, callee } = call;
    const isCaller = session.id === caller.sessionId;
    if (!isCaller && session.userId !== callee.userId) return;
    if (change !== "ringing" && call.state === "active" && !isOneOf(call, session)) return;
    const begun: CallStep = isCaller ? "call started" : "call rings";
    const step = { ringing: begun, accepted: "call accepted", finished: "call over" } as const;
    const peer = isCaller ? callee.userId : caller.userId;
    const detail = news.change === "finished" ? { reason: news.how, wasRinging: call.state === "ringing" } : { kind };
    this.#events.emit("call_step", { session, step: step[change], callId, detail: { peer, ...detail } });
  }

  /** Whether somebody here is in the call, or could answer it. */
  concerns(call: CallRecord): boolean {
    const { caller, callee, state } = call;
    if (this.#registry.find(caller.sessionId)) return true;
    if (state === "ringing") return this.#presence.here(callee.userId).length > 0;
    return this.#registry.find(callee.sessionId ?? "") !== undefined;
  }

  /** The active calls that somebody here is in: this node sees to it that they live on. */
  held(): CallRecord[] {
    const active = this.#book.all().filter((call) => call.state === "active" && this.concerns(call));
    return active.map(({ callId }) => this.#book.asOf(callId, this.#clock.mono())).filter((call) => call !== undefined);
  }

  /** Drops what concerns nobody here any more. */
  tidy(): void {
    for (const call of this.#book.all()) if (!this.concerns(call)) this.#book.drop(call.callId);
  }

  #ringTimer({ callId, caller, remainingMs }: CallRecord): Timer {
    const wait = this.#registry.find(caller.sessionId) ? 0 : OTHERS_WAIT_MS;
    return this.#clock.after(remainingMs + wait, () => this.#ringOver(callId));
  }
}

/** @param by the session that ended it, unless time did */
export function finishedNews(call: CallRecord, how: CallEnd, by?: string): CallChange {
  return { change: "finished", call, how, ...(by === undefined ? {} : { by }) };
}
