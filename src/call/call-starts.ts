/** How a call begins: the store says whether it rings, is answered at once, or meets somebody who is busy. */
import { randomUUID } from "node:crypto";
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { LastseenError, type ReplyData } from "@lastseen/protocol";
import {
  callRoomId,
  type CallEnd,
  type CallParty,
  type CallRecord,
  type CallStore,
  type NewCall,
} from "../ports/call-store.js";
import type { LifecycleEvents } from "../session/events.js";
import type { SessionConnection } from "../session/session-connection.js";
import type { Session } from "../session/session.js";
import type { CallArrivals } from "./call-arrivals.js";
import type { CallDepartures } from "./call-departures.js";
import { endBy, type CallEndings } from "./call-endings.js";
import { gone, unreachable, type BackgroundTasks } from "./background-tasks.js";
import type { CallLeaseRenewer } from "./call-lease-renewer.js";
import type { CallLimit } from "./call-limit.js";
import type { CallNews } from "./call-news.js";
import type { Presence } from "./presence.js";

export interface StartRequest {
  readonly session: Session;
  readonly connection: SessionConnection;
  readonly to: string;
  readonly kind: CallRecord["kind"];
}

export type Started = (call: ReplyData<"startCall">) => void;

interface StartParts {
  clock: Clock;
  store: CallStore;
  news: CallNews;
  leases: CallLeaseRenewer;
  endings: CallEndings;
  departures: CallDepartures;
  arrivals: CallArrivals;
  presence: Presence;
  tasks: BackgroundTasks;
  limit: CallLimit;
  events: Emitter<LifecycleEvents>;
  /** How long an unanswered call rings. */
  ringTimeoutMs: number;
}

export class CallStarts {
  readonly #parts: StartParts;
  /** Users whose last attempt may ring or not: the store has not said so, and none is made before it has. */
  readonly #inDoubt = new Set<string>();

  constructor(parts: StartParts) {
    this.#parts = parts;
  }

  /**
   * Calls a user.
   *
   * @param started called before anything more is told about the call
   * @throws LastseenError `bad_message`, `rate_limited`, `callee_offline`, `callee_busy`, `caller_busy`, `overloaded`
   */
  async start(request: StartRequest, started: Started): Promise<void> {
    const { clock, limit, endings, tasks, presence } = this.#parts;
    const { session, to, kind } = request;
    if (to === session.userId) throw new LastseenError("bad_message", "You cannot call yourself.");
    if (!limit.allow(session.userId, clock.mono())) {
      throw new LastseenError("rate_limited", "Too many calls in a minute; wait a moment.");
    }
    if (this.#inDoubt.has(session.userId)) throw unreachable();
    const name = await tasks.ask(() => presence.nameOf(to));
    if (name === undefined) {
      this.#refused(session, to, "offline");
      throw new LastseenError("callee_offline", "This user is not connected.");
    }
    const callId = randomUUID();
    const call = { callId, roomId: callRoomId(callId), kind, caller: partyOf(session), callee: { userId: to, name } };
    const outcome = await this.#ring(call, session);
    for (const lapsed of outcome.lapsed)
      endings.finished(lapsed, lapsed.state === "ringing" ? "timeout" : "disconnected");
    if (outcome.kind === "caller_busy") throw new LastseenError("caller_busy", "You are in a call already.");
    if (outcome.kind === "callee_busy") {
      this.#refused(session, to, "busy");
      throw new LastseenError("callee_busy", "This user is in a call.");
    }
    await this.#begun(outcome, request, started);
  }

  /** What may have begun without an answer is taken back; it may also have answered a call from the other side. */
  #ring(call: NewCall, session: Session): ReturnType<CallStore["start"]> {
    const { store, leases, endings, arrivals, tasks, ringTimeoutMs } = this.#parts;
    const { callId } = call;
    const doubtful = () => {
      this.#inDoubt.add(session.userId);
      leases.finishLater(callId, { session: session.id }, (begun) => {
        this.#inDoubt.delete(session.userId);
        if (begun) endings.finished(begun, takenBack(begun), session.id);
      });
      arrivals.lookLater(session);
    };
    return tasks.ask(() => store.start(call, ringTimeoutMs), doubtful);
  }

  /** The store has begun a call, or joined it to the one that came from the other side. */
  async #begun(
    { kind, call }: { kind: "ringing" | "accepted"; call: CallRecord },
    { session, connection }: StartRequest,
    started: Started,
  ): Promise<void> {
    const { news, endings, departures, tasks, ringTimeoutMs } = this.#parts;
    const { callId, roomId, callee } = call;
    const isOver = news.book.isOver(callId);
    if (isOver || !session.isOwnedBy(connection)) {
      // Whoever asked does not hear of it, or has heard of its end: nobody would know of this call.
      await endings.finish(callId, endBy(session.id, takenBack));
      if (isOver) throw gone();
      throw new LastseenError("fenced", "This connection no longer owns the session.");
    }
    const { userId, name } = kind === "ringing" ? callee : call.caller;
    started({ callId, roomId, ringTimeoutMs, peer: { userId, name } });
    if (!news.publish({ change: kind, call }) && news.find(callId)?.state === "active") {
      // That it was answered was heard, and told, before the answer to this request: it is told once more, in order.
      connection.sendEvent("call_accepted", { callId, by: callee.userId, roomId });
    }
    // Asked again: the callee's last session may have ended before there was a call that it could have ended.
    if (kind === "ringing") tasks.run(departures.endUnlessConnected(callId, callee.userId));
  }

  #refused(session: Session, to: string, outcome: "busy" | "offline"): void {
    this.#parts.events.emit("call_refused", { session, to, outcome });
  }
}

/** How an attempt ends of which its client does not know; it may have been answered meanwhile. */
function takenBack({ state }: CallRecord): CallEnd {
  return state === "ringing" ? "cancelled" : "disconnected";
}

/** The session as one side of a call. */
export function partyOf({ id, userId, name }: Session): CallParty {
  return { userId, name, sessionId: id };
}
