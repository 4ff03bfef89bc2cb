/**
 * Calls between two users. What a call is and who is in it is decided by the store, one step at a time; `call/` is one
 * node's hand in it: it brings requests, and what happens to sessions, to the store, tells its own sessions what became of
 * their calls, and tells the other nodes, which do the same.
 *
 *     a client asks              calls.ts, call-starts.ts --.
 *     a session comes            call-arrivals.ts           |
 *     one ends, or time is up    call-departures.ts         +-> store decides -> call-news.ts -> book, clients here, log
 *     something was missed       call-reconciler.ts           --'                        `-> bus -> call-news.ts of every node
 *
 * Every end goes through call-endings.ts; what the store can't be told or asked now waits in call-leases.ts.
 */
import type { UserStatus } from "@lastseen/protocol";
import type { CallRecord, CallStore } from "../ports/call-store.js";
import type { Session } from "../session/session.js";
import type { CallArrivals } from "./call-arrivals.js";
import type { CallReconciler } from "./call-reconciler.js";
import { endBy, type CallEndings } from "./call-endings.js";
import { gone, type BackgroundTasks } from "./background-tasks.js";
import type { CallNews } from "./call-news.js";
import type { CallRooms } from "./call-rooms.js";
import { partyOf, type CallStarts, type StartRequest, type Started } from "./call-starts.js";
import type { Presence } from "./presence.js";

/** What clients ask of calls, and what the other parts of a node ask about them. */
export class Calls {
  readonly #store: CallStore;
  readonly #news: CallNews;
  readonly #starts: CallStarts;
  readonly #endings: CallEndings;
  readonly #rooms: CallRooms;
  readonly #arrivals: CallArrivals;
  readonly #reconciler: CallReconciler;
  readonly #presence: Presence;
  readonly #tasks: BackgroundTasks;

  constructor(parts: {
    store: CallStore;
    news: CallNews;
    starts: CallStarts;
    endings: CallEndings;
    rooms: CallRooms;
    arrivals: CallArrivals;
    reconciler: CallReconciler;
    presence: Presence;
    tasks: BackgroundTasks;
  }) {
    this.#store = parts.store;
    this.#news = parts.news;
    this.#starts = parts.starts;
    this.#endings = parts.endings;
    this.#rooms = parts.rooms;
    this.#arrivals = parts.arrivals;
    this.#reconciler = parts.reconciler;
    this.#presence = parts.presence;
    this.#tasks = parts.tasks;
  }

  /** What this node knows of its calls. */
  get news(): Pick<CallNews, "counts" | "busyUsers" | "snapshotOf"> {
    return this.#news;
  }

  /** Calls a user: {@link CallStarts.start}. */
  start(request: StartRequest, started: Started): Promise<void> {
    return this.#starts.start(request, started);
  }

  /**
   * Answers a call that rings.
   *
   * @param accepted called before anything more is told about the call
   * @throws LastseenError `call_gone` when it does not ring any more, `overloaded`
   */
  async accept(session: Session, callId: string, accepted: (call: CallRecord) => void): Promise<void> {
    const outcome = await this.#tasks.ask(
      () => this.#store.accept(callId, partyOf(session)),
      () => (this.#news.find(callId) ? this.#reconciler.lookAgain(callId) : this.#arrivals.lookLater(session)),
    );
    if (outcome.kind === "gone") throw gone();
    const { call, fresh } = outcome;
    if (session.status !== "open" || this.#news.book.isOver(callId)) {
      // Nobody here would know of this call.
      await this.#endings.finish(callId, endBy(session.id, "disconnected"));
      throw gone();
    }
    accepted(call);
    if (fresh) this.#news.publish({ change: "accepted", call });
  }

  /** Declines a call that rings, for all devices. @throws LastseenError `call_gone`, `overloaded` */
  async decline({ id, userId }: Session, callId: string): Promise<void> {
    const condition = { state: "ringing", callee: userId } as const;
    if (!(await this.#endings.finish(callId, { condition, how: "declined", by: id }))) throw gone();
  }

  /** Takes a call back that was not answered yet. @throws LastseenError `call_gone`, `overloaded` */
  async cancel({ id }: Session, callId: string): Promise<void> {
    const condition = { state: "ringing", session: id } as const;
    const ending = { condition, how: "cancelled", by: id, late: { session: id } } as const;
    if (!(await this.#endings.finish(callId, ending))) throw gone();
  }

  /** Hangs up: whatever state the call is in. @throws LastseenError `call_gone`, `overloaded` */
  async end(session: Session, callId: string): Promise<void> {
    const how = ({ state }: CallRecord) => (state === "ringing" ? "cancelled" : "hangup");
    if (await this.#endings.finish(callId, endBy(session.id, how))) return;
    await this.decline(session, callId);
  }

  /** Whether the session may go into a room, if that is the room of a call: {@link CallRooms.assertMayEnter}. */
  assertMayEnter(session: Session, roomId: string): Promise<void> | undefined {
    return this.#rooms.assertMayEnter(session, roomId);
  }

  /** Until when a client that comes for this session has to wait: {@link CallArrivals.settled}. */
  settled(session: Session): Promise<void> | undefined {
    return this.#arrivals.settled(session);
  }

  /** What anybody is told about a user. @param lastsMs until it may change by itself */
  async statusOf(userId: string): Promise<{ status: UserStatus; lastsMs?: number }> {
    const call = await this.#store.ofUser(userId);
    if (call) return { status: "busy", lastsMs: call.remainingMs };
    return { status: (await this.#presence.isConnected(userId)) ? "available" : "offline" };
  }
}
