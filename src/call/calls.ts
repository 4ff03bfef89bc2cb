/**
 * Calls between two users. What a call is and who is in it is decided by the store, one step at a time; this is one
 * node's hand in it: it brings requests and the ends of sessions to the store, tells its own sessions what became of their
 * calls, and tells the other nodes, which do the same.
 *
 *     request, session ended, ring over -> store decides -> news -> bus -> every node: book, events to clients, log
 */
import { randomUUID } from "node:crypto";
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { LastseenError } from "../protocol/errors.js";
import type { LeaveReason, ReplyData, UserStatus } from "../protocol/messages/index.js";
import type { Bus } from "../session/bus.js";
import {
  callOfRoom,
  callRoomId,
  type CallEnd,
  type CallParty,
  type CallRecord,
  type CallStore,
  type EndCondition,
} from "../session/call-store.js";
import type { CallOutcome, LifecycleEvents } from "../session/events.js";
import type { SessionConnection } from "../session/ports.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";
import { CallKeeper } from "./call-keeper.js";
import { CallLimit } from "./call-limit.js";
import { CallNews, finishedNews } from "./call-news.js";
import { incomingCall, isOneOf } from "./call-notices.js";
import type { Presence } from "./presence.js";

/** Who wants to end a call, and what it is then said to have come to. */
interface Ending {
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

export class Calls {
  readonly #clock: Clock;
  readonly #store: CallStore;
  readonly #news: CallNews;
  readonly #registry: SessionRegistry;
  readonly #presence: Presence;
  readonly #events: Emitter<LifecycleEvents>;
  readonly #ringTimeoutMs: number;
  readonly #limit = new CallLimit();
  readonly #keeper: CallKeeper;
  /** Adopted sessions whose call, if they are in one, is being asked for. */
  readonly #unsure = new Map<Session, Promise<void>>();
  /** Work that nobody waits for, so that closing can. */
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #releasers: (() => void)[];

  constructor(options: {
    clock: Clock;
    store: CallStore;
    bus: Bus;
    registry: SessionRegistry;
    presence: Presence;
    events: Emitter<LifecycleEvents>;
    ringTimeoutMs: number;
  }) {
    this.#clock = options.clock;
    this.#store = options.store;
    this.#news = new CallNews({ ...options, ringOver: (callId) => this.#work(this.#ringOver(callId)) });
    this.#registry = options.registry;
    this.#presence = options.presence;
    this.#events = options.events;
    this.#ringTimeoutMs = options.ringTimeoutMs;
    this.#keeper = new CallKeeper({
      clock: this.#clock,
      store: this.#store,
      held: () => this.#news.held(),
      over: (callId) => this.#foundOver(callId),
      tidy: () => {
        this.#limit.sweep(this.#clock.mono());
        this.#news.tidy();
      },
      failed: (error) => this.#failed("hold", error),
    });
    const events = this.#events;
    this.#releasers = [
      events.on("opened", ({ session }) => this.#work(this.#look(session))),
      events.on("resumed", ({ session }) => this.#work(this.#look(session))),
      events.on("adopted", ({ session }) => this.#lookAtAdopted(session)),
      events.on("transferred", ({ session }) => this.#moved(session)),
      events.on("left", ({ session, roomId, reason }) => this.#leftRoom(session, roomId, reason)),
      events.on("ended", ({ session, reason }) => this.#work(this.#sessionEnded(session, reason))),
      events.on("cleaned", ({ session }) => this.#work(this.#deviceGone(session))),
      options.bus.on("message", ({ message }) => {
        if (message.type === "call") this.#news.apply(message.news);
      }),
      options.bus.on("missed", () => this.#work(this.repair())),
    ];
    this.#keeper.start();
  }

  /** What this node knows of its calls. */
  get news(): Pick<CallNews, "counts" | "busyUsers" | "snapshotOf"> {
    return this.#news;
  }

  /** Until when a client that comes for this session has to wait, so that it can be told of its call. */
  settled(session: Session): Promise<void> | undefined {
    return this.#unsure.get(session);
  }

  /**
   * Lets only the two of a call into its room, and of their devices only the one that is in the call or takes its place
   * there over. Undefined for a room that belongs to no call.
   *
   * @throws LastseenError `call_gone`, `forbidden`
   */
  assertMayEnter(session: Session, roomId: string): Promise<void> | undefined {
    const callId = callOfRoom(roomId);
    return callId === undefined ? undefined : this.#assertIsIn(callId, session, roomId);
  }

  /**
   * Calls a user.
   *
   * @param started called before anything more is told about the call
   * @throws LastseenError `bad_message`, `rate_limited`, `callee_offline`, `callee_busy`, `caller_busy`, `overloaded`
   */
  async start(
    request: { session: Session; connection: SessionConnection; to: string; kind: CallRecord["kind"] },
    started: (call: ReplyData<"startCall">) => void,
  ): Promise<void> {
    const { session, connection, to, kind } = request;
    if (to === session.userId) throw new LastseenError("bad_message", "You cannot call yourself.");
    if (!this.#limit.allow(session.userId, this.#clock.mono())) {
      throw new LastseenError("rate_limited", "Too many calls in a minute; wait a moment.");
    }
    const name = await this.#ask(() => this.#presence.nameOf(to));
    if (name === undefined) {
      this.#refused(session, to, "offline");
      throw new LastseenError("callee_offline", "This user is not connected.");
    }
    const callId = randomUUID();
    const call = { callId, roomId: callRoomId(callId), kind, caller: partyOf(session), callee: { userId: to, name } };
    const outcome = await this.#ask(
      () => this.#store.start(call, this.#ringTimeoutMs),
      () => {
        this.#keeper.finishLater(callId, { session: session.id }, (begun) => {
          if (begun) this.#finished(begun, "cancelled", session.id);
        });
        this.#keeper.lookAgain(callId, () => this.#work(this.#look(session)));
      },
    );
    for (const lapsed of outcome.lapsed)
      this.#finished(lapsed, lapsed.state === "ringing" ? "timeout" : "disconnected");
    if (outcome.kind === "caller_busy") throw new LastseenError("caller_busy", "You are in a call already.");
    if (outcome.kind === "callee_busy") {
      this.#refused(session, to, "busy");
      throw new LastseenError("callee_busy", "This user is in a call.");
    }
    await this.#begun(outcome, session, connection, started);
  }

  /**
   * Answers a call that rings.
   *
   * @param accepted called before anything more is told about the call
   * @throws LastseenError `call_gone` when it does not ring any more, `overloaded`
   */
  async accept(session: Session, callId: string, accepted: (call: CallRecord) => void): Promise<void> {
    const outcome = await this.#ask(
      () => this.#store.accept(callId, partyOf(session)),
      () => this.#lookAgain(callId),
    );
    if (outcome.kind === "gone" || this.#news.book.isOver(callId)) throw gone();
    const { call, fresh } = outcome;
    if (session.status !== "open") {
      await this.#finish(callId, endBy(session.id, "disconnected"));
      throw gone();
    }
    accepted(call);
    if (fresh) this.#news.publish({ change: "accepted", call });
  }

  /** Declines a call that rings, for all devices. @throws LastseenError `call_gone`, `overloaded` */
  async decline({ id, userId }: Session, callId: string): Promise<void> {
    const condition = { state: "ringing", callee: userId } as const;
    if (!(await this.#finish(callId, { condition, how: "declined", by: id }))) throw gone();
  }

  /** Takes a call back that was not answered yet. @throws LastseenError `call_gone`, `overloaded` */
  async cancel({ id }: Session, callId: string): Promise<void> {
    const condition = { state: "ringing", session: id } as const;
    if (!(await this.#finish(callId, { condition, how: "cancelled", by: id, late: { session: id } }))) throw gone();
  }

  /** Hangs up: whatever state the call is in. @throws LastseenError `call_gone`, `overloaded` */
  async end(session: Session, callId: string): Promise<void> {
    const how = ({ state }: CallRecord) => (state === "ringing" ? "cancelled" : "hangup");
    const { id } = session;
    if (await this.#finish(callId, endBy(id, how))) return;
    await this.decline(session, callId);
  }

  /** What anybody is told about a user. @param lastsMs until it may change by itself */
  async statusOf(userId: string): Promise<{ status: UserStatus; lastsMs?: number }> {
    const call = await this.#store.ofUser(userId);
    if (call) return { status: "busy", lastsMs: call.remainingMs };
    return { status: (await this.#presence.isConnected(userId)) ? "available" : "offline" };
  }

  /** News may have been missed: asks which of the known calls are over, and which ring here unheard. */
  async repair(): Promise<void> {
    try {
      await this.#keeper.hold();
      for (const call of await this.#store.ringing()) this.#news.apply({ change: "ringing", call });
    } catch (error) {
      this.#failed("repair", error);
    }
  }

  /** Resolves when everything that was begun is done; nothing is told any more after it. */
  async close(): Promise<void> {
    for (const release of this.#releasers.splice(0)) release();
    await this.#keeper.close();
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    this.#news.book.clear();
  }

  async #assertIsIn(callId: string, session: Session, roomId: string): Promise<void> {
    const call = this.#news.book.find(callId) ?? (await this.#ask(() => this.#store.find(callId)));
    if (call?.state !== "active") throw gone();
    if (isOneOf(call, session)) return;
    const own = [call.caller, call.callee].find(({ userId }) => userId === session.userId);
    if (!own) throw new LastseenError("forbidden", "Only the two of a call may enter its room.");
    const other = this.#registry.find(own.sessionId ?? "");
    if (other && other.participation?.roster.id !== roomId)
      throw new LastseenError("forbidden", "This call is on another of your devices.");
  }

  /** The store has begun a call, or joined it to the one that came from the other side. */
  async #begun(
    { kind, call }: { kind: "ringing" | "accepted"; call: CallRecord },
    session: Session,
    connection: SessionConnection,
    started: (call: ReplyData<"startCall">) => void,
  ): Promise<void> {
    const { callId, roomId, callee } = call;
    if (this.#news.book.isOver(callId)) throw gone();
    if (!session.isOwnedBy(connection)) {
      // Whoever asked does not hear the answer: nobody would know of this call.
      const how = kind === "ringing" ? "cancelled" : "disconnected";
      await this.#finish(callId, endBy(session.id, how));
      throw new LastseenError("fenced", "This connection no longer owns the session.");
    }
    const { userId, name } = kind === "ringing" ? callee : call.caller;
    started({ callId, roomId, ringTimeoutMs: this.#ringTimeoutMs, peer: { userId, name } });
    if (!this.#news.publish({ change: kind, call }) && this.#news.find(callId)?.state === "active") {
      // That it was answered was heard, and told, before the answer to this request: it is told once more, in order.
      connection.sendEvent("call_accepted", { callId, by: callee.userId, roomId });
    }
    // Asked again: the callee's last session may have ended before there was a call that it could have ended.
    if (kind === "ringing") this.#work(this.#endUnlessConnected(callId, callee.userId));
  }

  #lookAtAdopted(session: Session): void {
    const looking = this.#look(session).finally(() => this.#unsure.delete(session));
    this.#unsure.set(session, looking);
    this.#work(looking);
  }

  /** Learns what call the session's user is in, as far as it concerns the session. */
  async #look(session: Session): Promise<void> {
    try {
      const call = await this.#store.ofUser(session.userId);
      if (!call) return;
      const { callId, state, callee } = call;
      if (state === "active") {
        if (isOneOf(call, session) || this.#news.book.find(callId)) this.#news.apply({ change: "accepted", call });
      } else if (!this.#news.apply({ change: "ringing", call }) && this.#news.find(callId)?.state === "ringing") {
        // Known here already, but not to this device.
        const ring = incomingCall(call, this.#clock.wall());
        if (callee.userId === session.userId) session.connection?.sendEvent("incoming_call", ring);
      }
      if (session.status !== "open") await this.#endWith(session, "disconnected", call);
    } catch (error) {
      this.#failed("look", error);
    }
  }

  /** The tab that has taken the session over is told of its call. */
  #moved(session: Session): void {
    const call = this.#news.snapshotOf(session);
    if (call) session.connection?.sendEvent("call_moved", { call });
  }

  /** Whoever leaves the room of a call and stays connected has hung up. */
  #leftRoom(session: Session, roomId: string, reason: LeaveReason): void {
    const callId = callOfRoom(roomId);
    const call = callId === undefined ? undefined : this.#news.book.find(callId);
    if (!call || session.status !== "open" || !isOneOf(call, session)) return;
    const how = reason === "room_closed" ? "kicked" : "hangup";
    this.#work(this.#finish(call.callId, endBy(session.id, how)));
  }

  async #sessionEnded(session: Session, reason: LeaveReason): Promise<void> {
    for (const call of this.#news.book.ofUser(session.userId)) await this.#endWith(session, reason, call);
  }

  /** Asked again when the directory knows: of two devices that go at once, each may have taken the other for connected. */
  async #deviceGone({ status, userId }: Session): Promise<void> {
    if (status !== "ended") return;
    for (const { callId, state, callee } of this.#news.book.ofUser(userId)) {
      if (state === "ringing" && callee.userId === userId) await this.#endUnlessConnected(callId, userId);
    }
  }

  /** What becomes of a call when a session of one of its users ends. */
  async #endWith(session: Session, reason: LeaveReason, call: CallRecord): Promise<void> {
    const { id, userId } = session;
    const { callId, state, callee } = call;
    if (!isOneOf(call, session)) {
      if (state === "ringing" && callee.userId === userId) await this.#endUnlessConnected(callId, userId);
      return;
    }
    if (reason === "node_lost" && (await this.#presence.isElsewhere(session).catch(() => false))) {
      this.#news.tidy();
      return;
    }
    const how = reason === "kicked" ? "kicked" : reason === "left" ? "hangup" : "disconnected";
    await this.#finish(callId, endBy(id, how));
  }

  /** A ring is over with the callee's last session. */
  async #endUnlessConnected(callId: string, userId: string): Promise<void> {
    // Whoever can't be asked about counts as connected: the ring ends by itself.
    if (await this.#presence.isConnected(userId).catch(() => true)) return;
    await this.#finish(callId, { condition: { state: "ringing" }, how: "disconnected" });
  }

  /**
   * Ends a call if the condition holds; `false` when it does not. An end that the store can't be told of now is carried
   * out here at once and there as soon as it can.
   */
  async #finish(callId: string, ending: Ending): Promise<boolean> {
    const { condition, how, by, late } = ending;
    try {
      const outcome = await this.#store.finish(callId, condition);
      if (outcome.kind === "gone") return false;
      this.#finished(outcome.call, typeof how === "string" ? how : how(outcome.call), by);
      return true;
    } catch (error) {
      this.#failed("finish", error);
      const call = this.#news.find(callId);
      if (!call || !late || !meets(call, condition)) {
        this.#lookAgain(callId);
        throw unreachable(error);
      }
      const known = typeof how === "string" ? how : how(call);
      this.#keeper.finishLater(callId, late, (ended) => {
        if (ended) this.#finished(ended, known, by);
        // It was carried out the first time after all, and nobody elsewhere has heard of it.
        else if (late.session !== undefined) this.#news.publish(finishedNews(call, known, by));
      });
      this.#news.apply(finishedNews(call, known, by));
      return true;
    }
  }

  /** The one place where the end of a call is counted: whoever removed it from the store comes here. */
  #finished(call: CallRecord, how: CallEnd, by?: string): void {
    this.#events.emit("call_finished", { callId: call.callId, outcome: outcomeOf(call, how) });
    this.#news.publish(finishedNews(call, how, by));
  }

  #refused(session: Session, to: string, outcome: "busy" | "offline"): void {
    this.#events.emit("call_refused", { session, to, outcome });
  }

  async #ringOver(callId: string): Promise<void> {
    const condition = { state: "ringing" } as const;
    const caller = this.#news.find(callId)?.caller.sessionId;
    // Whoever holds the caller decides; another node only stops its own devices.
    const late = caller !== undefined && this.#registry.find(caller) ? { session: caller } : condition;
    if (!(await this.#finish(callId, { condition, how: "timeout", late }))) await this.#refresh(callId);
  }

  #lookAgain(callId: string): void {
    this.#keeper.lookAgain(callId, () => this.#work(this.#refresh(callId)));
  }

  /** What the node believes has turned out to be wrong: the store is asked how the call stands. */
  async #refresh(callId: string): Promise<void> {
    try {
      const call = await this.#store.find(callId);
      if (!call) this.#foundOver(callId);
      else if (call.state === "active") this.#news.apply({ change: "accepted", call });
    } catch (error) {
      this.#lookAgain(callId);
      this.#failed("refresh", error);
    }
  }

  /** A call that this node took for live is over; how it ended was told while nobody listened, or not at all. */
  #foundOver(callId: string): void {
    const call = this.#news.find(callId);
    if (call) this.#news.publish(finishedNews(call, call.state === "ringing" ? "timeout" : "disconnected"));
  }

  /** @param doubtful called when it is not known whether the store has done it @throws LastseenError `overloaded` */
  async #ask<T>(question: () => Promise<T>, doubtful: () => void = () => undefined): Promise<T> {
    try {
      return await question();
    } catch (error) {
      this.#failed("ask", error);
      doubtful();
      throw unreachable(error);
    }
  }

  #failed(operation: string, error: unknown): void {
    this.#events.emit("call_store_failed", { operation, error });
  }

  #work(work: Promise<unknown>): void {
    const done = work.catch((error: unknown) => this.#failed("work", error)).finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }
}

/** One of the two ends the call, in whatever state it is. */
function endBy(session: string, how: Ending["how"]): Ending {
  return { condition: { session }, how, by: session, late: { session } };
}

function meets({ state, caller, callee }: CallRecord, condition: EndCondition): boolean {
  if (condition.state !== undefined && condition.state !== state) return false;
  return condition.session === undefined || [caller.sessionId, callee.sessionId].includes(condition.session);
}

function partyOf({ id, userId, name }: Session): CallParty {
  return { userId, name, sessionId: id };
}

function outcomeOf({ state }: CallRecord, how: CallEnd): CallOutcome {
  if (how === "hangup") return state === "ringing" ? "cancelled" : "ended";
  return how === "kicked" ? "disconnected" : how;
}

function gone(): LastseenError {
  return new LastseenError("call_gone", "This call is over, or somebody else has answered it.");
}

function unreachable(cause: unknown): LastseenError {
  return new LastseenError("overloaded", "Calls can't be made at this moment; try again.", { cause });
}
