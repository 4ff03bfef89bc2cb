/** Ends that nobody asks for: a session is over, a device has gone, somebody has left the call's room, it rang for too long. */
import type { LeaveReason } from "@lastseen/protocol";
import { callOfRoom, type CallRecord } from "../ports/call-store.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";
import type { CallReconciler } from "./call-reconciler.js";
import { endBy, type CallEndings } from "./call-endings.js";
import type { CallNews } from "./call-news.js";
import { isOneOf } from "./call-notices.js";
import type { Presence } from "./presence.js";

export class CallDepartures {
  readonly #news: CallNews;
  readonly #endings: CallEndings;
  readonly #reconciler: CallReconciler;
  readonly #registry: SessionRegistry;
  readonly #presence: Presence;

  constructor(parts: {
    news: CallNews;
    endings: CallEndings;
    reconciler: CallReconciler;
    registry: SessionRegistry;
    presence: Presence;
  }) {
    this.#news = parts.news;
    this.#endings = parts.endings;
    this.#reconciler = parts.reconciler;
    this.#registry = parts.registry;
    this.#presence = parts.presence;
  }

  async sessionEnded(session: Session, reason: LeaveReason): Promise<void> {
    for (const call of this.#news.book.ofUser(session.userId)) await this.endWith(session, reason, call);
  }

  /** What becomes of a call when a session of one of its users ends. */
  async endWith(session: Session, reason: LeaveReason, call: CallRecord): Promise<void> {
    const { id, userId } = session;
    const { callId, state, callee } = call;
    if (!isOneOf(call, session)) {
      if (state === "ringing" && callee.userId === userId) await this.endUnlessConnected(callId, userId);
      return;
    }
    if (reason === "node_lost" && (await this.#presence.isElsewhere(session).catch(() => false))) {
      this.#news.tidy();
      return;
    }
    const how = reason === "kicked" ? "kicked" : reason === "left" ? "hangup" : "disconnected";
    await this.#endings.finish(callId, endBy(id, how));
  }

  /** Asked again when the directory knows: of two devices that go at once, each may have taken the other for connected. */
  async deviceGone({ status, userId }: Session): Promise<void> {
    if (status !== "ended") return;
    for (const { callId, state, callee } of this.#news.book.ofUser(userId)) {
      if (state === "ringing" && callee.userId === userId) await this.endUnlessConnected(callId, userId);
    }
  }

  /** A ring is over with the callee's last session. */
  async endUnlessConnected(callId: string, userId: string): Promise<void> {
    // Whoever can't be asked about counts as connected: the ring ends by itself.
    if (await this.#presence.isConnected(userId).catch(() => true)) return;
    await this.#endings.finish(callId, { condition: { state: "ringing" }, how: "disconnected" });
  }

  /** Whoever leaves the room of a call and stays connected has hung up. */
  async roomLeft(session: Session, roomId: string, reason: LeaveReason): Promise<void> {
    const callId = callOfRoom(roomId);
    const call = callId === undefined ? undefined : this.#news.book.find(callId);
    if (!call || session.status !== "open" || !isOneOf(call, session)) return;
    const how = reason === "room_closed" ? "kicked" : "hangup";
    await this.#endings.finish(call.callId, endBy(session.id, how));
  }

  async ringOver(callId: string): Promise<void> {
    const condition = { state: "ringing" } as const;
    const caller = this.#news.find(callId)?.caller.sessionId;
    // Whoever holds the caller decides; another node only stops its own devices.
    const late = caller !== undefined && this.#registry.find(caller) ? { session: caller } : condition;
    if (await this.#endings.finish(callId, { condition, how: "timeout", late })) return;
    await this.#reconciler.refresh(callId);
  }
}
