/** How a call begins: a client calls a user, and a client answers a ring. The store decides which of several is first. */
import { randomUUID } from "node:crypto";
import { LastseenError, type ReplyData } from "@lastseen/protocol";
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { WindowLimit } from "../kernel/window-limit.js";
import {
  callRoomId,
  type CallEnd,
  type CallParty,
  type CallRecord,
  type CallStore,
  type NewCall,
  type StartOutcome,
} from "../ports/call-store.js";
import type { Blocks } from "../session/blocks.js";
import type { LifecycleEvents } from "../session/events.js";
import type { SessionConnection } from "../session/session-connection.js";
import type { Session } from "../session/session.js";
import { storeUnreachable, type BackgroundTasks } from "./background-tasks.js";
import type { CallReconciler } from "./call-reconciler.js";
import type { CallSessions } from "./call-sessions.js";
import { callGone, type CallTeardown } from "./call-teardown.js";
import type { CallUpdates } from "./call-updates.js";
import type { KnownCalls } from "./known-calls.js";
import { assertMayCall } from "./permission.js";
import type { OfflineRings } from "./offline-rings.js";
import type { Presence } from "./presence.js";
import type { Wakers } from "./wakers.js";

/** A user may call so often in a minute, so that nobody rings others without end. */
const MOST_STARTS = 30;
const START_WINDOW_MS = 60_000;

interface StartRequest {
  readonly session: Session;
  readonly connection: SessionConnection;
  /** The id of the user who is called. */
  readonly to: string;
  readonly kind: CallRecord["kind"];
  /** Rings also while the callee is not connected. Without {@link Wakers} it means nothing. */
  readonly ringOffline: boolean;
}

type Started = (call: ReplyData<"startCall">) => void;

interface Parts {
  readonly clock: Clock;
  readonly store: CallStore;
  readonly known: KnownCalls;
  readonly updates: CallUpdates;
  readonly reconciler: CallReconciler;
  readonly teardown: CallTeardown;
  readonly sessions: CallSessions;
  readonly presence: Presence;
  readonly blocks: Pick<Blocks, "assertNone" | "find">;
  readonly wakers: Wakers;
  readonly offlineRings: OfflineRings;
  readonly tasks: BackgroundTasks;
  readonly events: Emitter<LifecycleEvents>;
  /** How long a call rings that nobody answers. */
  readonly ringTimeoutMs: number;
}

export class CallSetup {
  readonly #parts: Parts;
  readonly #limit = new WindowLimit({ most: MOST_STARTS, windowMs: START_WINDOW_MS });
  /** Users whose last call may ring or not, because the store's answer was lost. They cannot call before that is known. */
  readonly #inDoubt = new Set<string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Calls a user.
   *
   * @param started called before any client is told about the call
   * @throws LastseenError `forbidden`, `bad_message`, `rate_limited`, `callee_offline`, `callee_busy`, `caller_busy`, `call_gone`,
   * `fenced`, `overloaded`
   */
  async start(request: StartRequest, started: Started): Promise<void> {
    const { clock, teardown, tasks, presence } = this.#parts;
    const { session, to, kind } = request;
    assertMayCall(session);
    if (to === session.userId) throw new LastseenError("bad_message", "You cannot call yourself.");
    if (!this.#limit.allow(session.userId, clock.mono())) {
      throw new LastseenError("rate_limited", "Too many calls in a minute; wait a moment.");
    }
    if (this.#inDoubt.has(session.userId)) throw storeUnreachable();
    const mayRingOffline = request.ringOffline && this.#canBeWoken(to);
    const callee = await tasks.ask(() => presence.find(to));
    if (!callee && !mayRingOffline) throw this.#refused(session, to, "offline");
    const callId = randomUUID();
    const call: NewCall = {
      callId,
      roomId: callRoomId(callId),
      kind,
      caller: partyOf(session),
      callee: { userId: to, name: callee?.name ?? to },
      ...(mayRingOffline ? { ringOffline: true } : {}),
    };
    const outcome = await this.#ring(call, session);
    for (const lapsed of outcome.lapsed) {
      teardown.finished(lapsed, lapsed.state === "ringing" ? "timeout" : "disconnected");
    }
    if (outcome.kind === "rung_often") {
      const { retryAfterMs } = outcome;
      throw new LastseenError("rate_limited", "This user was called too often; wait a moment.", {
        data: { retryAfterMs },
      });
    }
    if (outcome.kind === "caller_busy") throw new LastseenError("caller_busy", "You are in a call already.");
    if (outcome.kind === "callee_busy") throw this.#refused(session, to, "busy");
    await this.#begun(outcome, request, callee?.isReachable ?? false, started);
  }

  /**
   * Answers a call that rings.
   *
   * @param accepted called before any client is told about the answer
   * @throws LastseenError `call_gone` when the call does not ring any more, `blocked` when the user may not enter the room of
   *   the call, `overloaded`
   */
  async accept(session: Session, callId: string, accepted: (call: CallRecord) => void): Promise<void> {
    const { store, known, updates, reconciler, teardown, sessions, blocks, tasks } = this.#parts;
    blocks.assertNone({ userId: session.userId, roomId: callRoomId(callId) });
    const outcome = await tasks.ask(
      () => store.accept(callId, partyOf(session)),
      () => {
        if (known.find(callId)) reconciler.refreshLater(callId);
        // If the session ends before the store answers, only this look ends the call that it may have answered.
        sessions.lookLater(session, callId);
      },
    );
    if (outcome.kind === "gone") throw callGone();
    const { call, fresh } = outcome;
    if (session.status !== "open" || known.isOver(callId)) {
      // No client here would know of this call.
      await teardown.takeBack(session, call, () => "disconnected");
      throw callGone();
    }
    accepted(call);
    // The store may have taken an earlier answer of this session, of which this node has not heard.
    if (fresh || known.find(callId)?.state !== "active") updates.publish({ change: "accepted", call });
  }

  /** Asks the store to ring. If the store's answer is lost, the call is taken back; it may have been answered meanwhile. */
  #ring(call: NewCall, session: Session): ReturnType<CallStore["start"]> {
    const { store, teardown, sessions, tasks, ringTimeoutMs } = this.#parts;
    const inDoubt = () => {
      this.#inDoubt.add(session.userId);
      teardown.finishLater(call.callId, { state: "any", by: { session: session.id } }, (begun) => {
        this.#inDoubt.delete(session.userId);
        if (begun) teardown.finished(begun, takenBack(begun), session.id);
      });
      sessions.lookLater(session);
    };
    return tasks.ask(() => store.start(call, ringTimeoutMs), inDoubt);
  }

  /** The store has begun a call, or has answered the call that the other user had begun. */
  async #begun(
    { kind, call }: Extract<StartOutcome, { call: CallRecord }>,
    { session, connection }: StartRequest,
    calleeIsReachable: boolean,
    started: Started,
  ): Promise<void> {
    const { known, updates, teardown, offlineRings, tasks, ringTimeoutMs } = this.#parts;
    const { callId, roomId, callee } = call;
    const isOver = known.isOver(callId);
    if (isOver || !session.isOwnedBy(connection)) {
      // The client has heard that the call is over, or is not there to hear of it.
      await teardown.takeBack(session, call, takenBack);
      if (isOver) throw callGone();
      throw new LastseenError("fenced", "This connection no longer owns the session.");
    }
    const { userId, name } = kind === "ringing" ? callee : call.caller;
    // Whoever calls at the same moment can be reached.
    const reachable = calleeIsReachable || kind === "accepted";
    started({ callId, roomId, ringTimeoutMs, peer: { userId, name }, reachable });
    if (!updates.publish({ change: kind, call }) && known.find(callId)?.state === "active") {
      // The client was told of the answer before the reply to its request: it is told again, in the right order.
      connection.sendEvent("call_accepted", { callId, by: callee.userId, roomId });
    }
    // The callee's last session may have ended just before the store knew of a call that it could have ended.
    if (kind === "accepted") return;
    if (call.ringOffline && !reachable) offlineRings.forNobody(call);
    else tasks.run(teardown.endIfCalleeGone(call));
  }

  /** Whether somebody can wake the user's devices. A blocked user could not come in even so. */
  #canBeWoken(userId: string): boolean {
    const { wakers, blocks } = this.#parts;
    return wakers.some && blocks.find({ userId }) === undefined;
  }

  /** @returns the error for the client */
  #refused(session: Session, to: string, outcome: "busy" | "offline"): LastseenError {
    this.#parts.events.emit("call_refused", { session, to, outcome });
    if (outcome === "busy") return new LastseenError("callee_busy", "This user is in a call.");
    return new LastseenError("callee_offline", "This user is not connected.");
  }
}

/** How a call ends whose caller does not know of it. */
function takenBack({ state }: CallRecord): CallEnd {
  return state === "ringing" ? "cancelled" : "disconnected";
}

/** The session as one side of a call. */
function partyOf({ id, userId, name }: Session): CallParty {
  return { userId, name, sessionId: id };
}
