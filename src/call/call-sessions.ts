/**
 * What happens to sessions, and what follows for their calls. A session that begins, comes back or changes its owner is
 * told of its call; a session that ends, or leaves the call's room, ends its call.
 */
import type { LeaveReason } from "@lastseen/protocol";
import type { Clock } from "../kernel/clock.js";
import { callOfRoom, type CallRecord, type CallStore } from "../ports/call-store.js";
import type { Session } from "../session/session.js";
import type { BackgroundTasks } from "./background-tasks.js";
import { incomingCall, isOneOf } from "./call-notices.js";
import type { CallTeardown } from "./call-teardown.js";
import type { CallUpdates } from "./call-updates.js";
import type { FollowedUsers } from "./followed-users.js";
import type { KnownCalls } from "./known-calls.js";
import type { Presence } from "./presence.js";

export class CallSessions {
  readonly #clock: Clock;
  readonly #store: CallStore;
  readonly #known: KnownCalls;
  readonly #updates: CallUpdates;
  readonly #teardown: CallTeardown;
  readonly #presence: Presence;
  readonly #followed: FollowedUsers;
  readonly #tasks: BackgroundTasks;
  /** Adopted sessions for which the store is being asked whether they are in a call. */
  readonly #unknown = new Map<Session, Promise<void>>();

  constructor(parts: {
    clock: Clock;
    store: CallStore;
    known: KnownCalls;
    updates: CallUpdates;
    teardown: CallTeardown;
    presence: Presence;
    followed: FollowedUsers;
    tasks: BackgroundTasks;
  }) {
    this.#clock = parts.clock;
    this.#store = parts.store;
    this.#known = parts.known;
    this.#updates = parts.updates;
    this.#teardown = parts.teardown;
    this.#presence = parts.presence;
    this.#followed = parts.followed;
    this.#tasks = parts.tasks;
  }

  /** A session has begun here, or its client has come back. */
  async began(session: Session): Promise<void> {
    try {
      await this.#look(session);
    } catch (error) {
      this.#tasks.failed("look", error);
    }
  }

  /** This node has adopted a session of another node. Perhaps the session is in a call that this node does not know. */
  async adopted(session: Session): Promise<void> {
    const looking = this.#lookUntilKnown(session).finally(() => this.#unknown.delete(session));
    this.#unknown.set(session, looking);
    await looking;
  }

  /** Resolves when this node knows whether an adopted session is in a call; undefined when it knows already. */
  whenKnown(session: Session): Promise<void> | undefined {
    return this.#unknown.get(session);
  }

  /**
   * Asks whether the session is in a call, as soon as the store answers again.
   *
   * @param answered the id of the call that its client has tried to answer: it knows that this one rings
   */
  lookLater(session: Session, answered?: string): void {
    this.#tasks.askLater(session.id, () => this.#lookUntilKnown(session, answered));
  }

  /** Another tab has taken the session over: that tab is told of the call. */
  transferred(session: Session): void {
    const call = this.#known.snapshotOf(session);
    if (call) session.connection?.sendEvent("call_moved", { call });
  }

  /** A session that leaves the room of its call and stays connected has hung up. */
  async leftRoom(session: Session, roomId: string, reason: LeaveReason): Promise<void> {
    const callId = callOfRoom(roomId);
    const call = callId === undefined ? undefined : this.#known.find(callId);
    if (!call || session.status !== "open" || !isOneOf(call, session)) return;
    const byOperator = reason === "room_closed" || reason === "kicked";
    await this.#teardown.endFor(session, call.callId, byOperator ? "kicked" : "hangup");
  }

  async ended(session: Session, reason: LeaveReason): Promise<void> {
    for (const call of this.#known.ofUser(session.userId)) await this.#endCallOf(session, reason, call);
  }

  /**
   * The directory has removed an ended session. Before that, when two devices end at the same moment, each may have found
   * the other one still connected: so this asks again.
   */
  async cleaned({ status, userId }: Session): Promise<void> {
    if (status !== "ended") return;
    for (const call of this.#known.ofUser(userId)) {
      if (call.state === "ringing" && call.callee.userId === userId) await this.#teardown.endIfCalleeGone(call);
    }
  }

  async #lookUntilKnown(session: Session, answered?: string): Promise<void> {
    try {
      await this.#look(session, answered);
    } catch (error) {
      // Without an answer this node would not end the call when the session ends.
      this.lookLater(session, answered);
      this.#tasks.failed("look", error);
    }
  }

  /** Asks the store which call the session's user is in, and takes up what concerns this session. */
  async #look(session: Session, answered?: string): Promise<void> {
    await this.#followed.heardOf(session.userId);
    const call = await this.#store.ofUser(session.userId);
    this.#tasks.answered();
    if (!call) return;
    const { callId, state, callee } = call;
    if (state === "active") {
      if (isOneOf(call, session) || this.#known.find(callId)) this.#updates.foundAnswered(call);
    } else if (!this.#updates.apply({ change: "ringing", call }) && this.#known.find(callId)?.state === "ringing") {
      // This node knew of the ring before, so the update did not reach this device.
      const ring = incomingCall(call, this.#clock.wall());
      const isTold = callee.userId !== session.userId || callId === answered;
      if (!isTold) session.connection?.sendEvent("incoming_call", ring);
    }
    // The session has ended while the store was asked. If another node holds it now, its call goes on there.
    if (session.status !== "open") await this.#endCallOf(session, "node_lost", call);
  }

  /** Ends the call of a session that has ended, if the call does not go on without this session. */
  async #endCallOf(session: Session, reason: LeaveReason, call: CallRecord): Promise<void> {
    const { callId, state, callee } = call;
    if (!isOneOf(call, session)) {
      const { userId } = session;
      if (state === "ringing" && callee.userId === userId) await this.#teardown.endIfCalleeGone(call);
      return;
    }
    if (reason === "node_lost" && (await this.#presence.isElsewhere(session).catch(() => false))) {
      this.#known.tidy();
      return;
    }
    const how = reason === "kicked" ? "kicked" : reason === "left" ? "hangup" : "disconnected";
    await this.#teardown.endFor(session, callId, how);
  }
}
