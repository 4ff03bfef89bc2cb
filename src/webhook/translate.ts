import type { Emitter } from "../kernel/emitter.js";
import type { BackendEventType, Cause, LeaveReason, NewBackendEvent } from "@lastseen/protocol";
import type { LifecycleEvents } from "../session/events.js";
import type { Session } from "../session/session.js";

/** An event without the fields that every event of a node has. */
export type Step = Omit<NewBackendEvent, "at" | "nodeId" | "sequence">;

/** What the translation must know about this node. */
export interface Here {
  readonly nodeId: string;
  /** Whether the room exists on this node. */
  readonly isOpen: (roomId: string) => boolean;
}

/** Fields that only some events have. */
type Detail = Partial<Omit<Step, "type" | "userId" | "sessionId" | "epoch">>;

/**
 * Turns the steps of sessions, rooms and calls into events for the backend.
 *
 * @param tell gets each event in the moment of the step
 */
export function translate(
  lifecycle: Emitter<LifecycleEvents>,
  { nodeId, isOpen }: Here,
  tell: (step: Step) => void,
): void {
  const stepOf = (type: BackendEventType, session: Session, detail: Detail = {}): void => {
    tell({ ...about(type, session), ...detail });
  };
  lifecycle.on("opened", (e) => stepOf("session_opened", e.session, { tabId: e.session.tabId }));
  lifecycle.on("resumed", ({ session, replaced, mediaReset = null }) =>
    stepOf("session_resumed", session, { replaced, mediaReset }),
  );
  lifecycle.on("adopted", ({ session, fromNodeId }) =>
    // A session that another node handed over is in the directory under this node's name before it arrives.
    stepOf("session_adopted", session, fromNodeId === nodeId ? {} : { fromNodeId }),
  );
  lifecycle.on("held_again", ({ session }) => {
    stepOf("session_adopted", session);
    if (session.shown === "away") stepOf("away", session, given(session.verdict?.cause));
  });
  lifecycle.on("transferred", ({ session, fromTabId }) =>
    stepOf("transferred", session, { tabId: session.tabId, fromTabId }),
  );
  lifecycle.on("away", ({ session, cause }) => stepOf("away", session, { cause }));
  lifecycle.on("back", ({ session, cause }) => stepOf("back", session, { cause }));
  lifecycle.on("ended", ({ session, reason, cause }) => {
    if (!hasMovedOn(reason, cause)) stepOf("session_ended", session, { reason, ...given(cause) });
  });
  translateRooms(lifecycle, isOpen, { stepOf, tell });
  translateCalls(lifecycle, stepOf, tell);
}

function translateRooms(
  lifecycle: Emitter<LifecycleEvents>,
  isOpen: (roomId: string) => boolean,
  to: {
    stepOf: (type: BackendEventType, session: Session, detail: Detail) => void;
    tell: (step: Step) => void;
  },
): void {
  /** The rooms of this node, each with the epoch that the backend knows. */
  const open = new Map<string, number>();
  /** Another node may have told the end of the room, or may do so later. The greater epoch counts. */
  const goesOn = ({ participation }: Session): void => {
    if (!participation) return;
    const { id: roomId, epoch } = participation.roster;
    if (epoch <= (open.get(roomId) ?? -1)) return;
    open.set(roomId, epoch);
    to.tell(aboutRoom("room_adopted", roomId, epoch));
  };
  lifecycle.on("adopted", ({ session }) => goesOn(session));
  lifecycle.on("held_again", ({ session }) => goesOn(session));
  // Another node has told that the room is open.
  lifecycle.on("room_lost", ({ roomId, epoch }) => to.tell(aboutRoom("room_closed", roomId, epoch)));
  lifecycle.on("joined", ({ session, roomId }) => {
    if (!open.has(roomId)) {
      const { epoch = 0 } = session.participation?.roster ?? {};
      open.set(roomId, epoch);
      to.tell(aboutRoom("room_opened", roomId, epoch));
    }
    const isAudience = session.participation?.role === "audience";
    to.stepOf("joined", session, { roomId, ...(isAudience ? { role: "audience" } : {}) });
  });
  lifecycle.on("left", ({ session, roomId, reason, cause }) => {
    const movedOn = hasMovedOn(reason, cause);
    if (!movedOn) to.stepOf("left", session, { roomId, reason, ...given(cause) });
    if (isOpen(roomId)) return;
    const epoch = open.get(roomId) ?? 0;
    open.delete(roomId);
    // When the members moved to another node, the room moved with them.
    if (!movedOn) to.tell(aboutRoom("room_closed", roomId, epoch));
  });
}

function translateCalls(
  lifecycle: Emitter<LifecycleEvents>,
  stepOf: (type: BackendEventType, session: Session, detail: Detail) => void,
  tell: (step: Step) => void,
): void {
  const types = { "call started": "call_started", "call accepted": "call_accepted" } as const;
  lifecycle.on("call_step", (event) => {
    if (event.step !== "call started" && event.step !== "call accepted") return;
    // A backend that rings the callee's phone must not do so for a caller whom the callee has blocked.
    if (event.hidden) return;
    const { session, callId, peer, kind } = event;
    stepOf(types[event.step], session, { callId, peer, kind });
  });
  lifecycle.on("call_ringing", ({ call: { callId, kind, caller, callee }, expiresAt }) =>
    tell({
      type: "call_ringing",
      roomId: null,
      userId: caller.userId,
      sessionId: caller.sessionId,
      epoch: null,
      callId,
      kind,
      from: { userId: caller.userId, name: caller.name },
      to: callee.userId,
      expiresAt,
      reachable: false,
    }),
  );
  lifecycle.on("call_refused", ({ session, to, outcome }) => stepOf("call_refused", session, { peer: to, outcome }));
  lifecycle.on("call_finished", ({ callId, outcome }) =>
    tell({ type: "call_finished", roomId: null, userId: null, sessionId: null, epoch: null, callId, outcome }),
  );
}

/**
 * Whether the session goes on on another node. That node then sends its events. `node_lost` without a cause means this.
 * `node_lost` with a cause means that the node died and no client came back for the session.
 */
function hasMovedOn(reason: LeaveReason, cause: Cause | undefined): boolean {
  return reason === "node_lost" && cause === undefined;
}

function about(type: BackendEventType, session: Session): Step {
  const { id: sessionId, userId, name, status, participation } = session;
  // The claim for the end raises the epoch by one. Without the correction this event would look newer than the events of a node
  // that has taken the session over.
  const epoch = status === "open" ? session.epoch : session.epoch - 1;
  return { type, roomId: participation?.roster.id ?? null, userId, sessionId, epoch, name };
}

function aboutRoom(type: BackendEventType, roomId: string, epoch: number): Step {
  return { type, roomId, userId: null, sessionId: null, epoch };
}

function given(cause: string | undefined): { cause?: string } {
  return cause === undefined ? {} : { cause };
}
