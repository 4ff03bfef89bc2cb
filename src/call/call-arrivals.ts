/** Sessions that come, come back, or change hands: each learns of the call that it is in, or that rings at it. */
import type { Clock } from "../kernel/clock.js";
import type { CallStore } from "../ports/call-store.js";
import type { Session } from "../session/session.js";
import type { CallDepartures } from "./call-departures.js";
import type { BackgroundTasks } from "./background-tasks.js";
import type { CallLeaseRenewer } from "./call-lease-renewer.js";
import type { CallNews } from "./call-news.js";
import { incomingCall, isOneOf } from "./call-notices.js";

export class CallArrivals {
  readonly #clock: Clock;
  readonly #store: CallStore;
  readonly #news: CallNews;
  readonly #leases: CallLeaseRenewer;
  readonly #departures: CallDepartures;
  readonly #tasks: BackgroundTasks;
  /** Adopted sessions whose call, if they are in one, is being asked for. */
  readonly #unsure = new Map<Session, Promise<void>>();

  constructor(parts: {
    clock: Clock;
    store: CallStore;
    news: CallNews;
    leases: CallLeaseRenewer;
    departures: CallDepartures;
    tasks: BackgroundTasks;
  }) {
    this.#clock = parts.clock;
    this.#store = parts.store;
    this.#news = parts.news;
    this.#leases = parts.leases;
    this.#departures = parts.departures;
    this.#tasks = parts.tasks;
  }

  /** A session has begun here, or its client has come back. */
  async look(session: Session): Promise<void> {
    try {
      await this.#learn(session);
    } catch (error) {
      this.#tasks.failed("look", error);
    }
  }

  /** A session has come from another node, perhaps with a call that nobody else here knows of. */
  async adopted(session: Session): Promise<void> {
    const looking = this.#lookUntilKnown(session).finally(() => this.#unsure.delete(session));
    this.#unsure.set(session, looking);
    await looking;
  }

  /** It is not known whether the session is in a call: the store is asked as soon as it can be. */
  lookLater(session: Session): void {
    this.#leases.lookAgain(session.id, () => this.#tasks.run(this.#lookUntilKnown(session)));
  }

  /** Until when a client that comes for this session has to wait, so that it can be told of its call. */
  settled(session: Session): Promise<void> | undefined {
    return this.#unsure.get(session);
  }

  /** The tab that has taken the session over is told of its call. */
  moved(session: Session): void {
    const call = this.#news.snapshotOf(session);
    if (call) session.connection?.sendEvent("call_moved", { call });
  }

  /** Without an answer a call would go on that nobody ends when the session does. */
  async #lookUntilKnown(session: Session): Promise<void> {
    try {
      await this.#learn(session);
    } catch (error) {
      this.lookLater(session);
      this.#tasks.failed("look", error);
    }
  }

  /** Learns what call the session's user is in, as far as it concerns the session. */
  async #learn(session: Session): Promise<void> {
    const call = await this.#store.ofUser(session.userId);
    this.#tasks.answered();
    if (!call) return;
    const { callId, state, callee } = call;
    if (state === "active") {
      if (isOneOf(call, session) || this.#news.book.find(callId)) this.#news.apply({ change: "accepted", call });
    } else if (!this.#news.apply({ change: "ringing", call }) && this.#news.find(callId)?.state === "ringing") {
      // Known here already, but not to this device.
      const ring = incomingCall(call, this.#clock.wall());
      if (callee.userId === session.userId) session.connection?.sendEvent("incoming_call", ring);
    }
    // It has ended meanwhile; if that was because another node has it now, its call goes on there.
    if (session.status !== "open") await this.#departures.endWith(session, "node_lost", call);
  }
}
