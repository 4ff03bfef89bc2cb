/**
 * What `on()` tells the application: plain values without methods, copied at the moment of the step and frozen. Nothing in them
 * leads back into the service, and no secret is in them. `translate.ts` makes them.
 */
import type {
  CallSnapshot,
  EvidenceReport,
  GhostCause,
  JsonObject,
  LeaveReason,
  RoomSnapshot,
} from "@lastseen/protocol";

/** A session as it was at the moment of the step. */
export interface SessionInfo {
  readonly sessionId: string;
  readonly userId: string;
  /** As the others in the room see it. */
  readonly name: string;
  /** The tab or device that owns the session. */
  readonly tabId: string;
  /** Null when the session is in no room. */
  readonly roomId: RoomSnapshot["id"] | null;
  /** Grows by one with every change of the owner. */
  readonly epoch: number;
  /** Epoch milliseconds. */
  readonly openedAt: number;
  /** What the client told the others with `join` or `setMetadata`. */
  readonly metadata: JsonObject;
}

interface Step {
  /** When the application was told, epoch milliseconds. */
  readonly at: number;
}

interface SessionStep extends Step {
  readonly session: SessionInfo;
}

/** A stay in a room, or a session, is over. */
interface EndStep extends SessionStep {
  /** What the others are told. */
  readonly reason: LeaveReason;
  /** The evidence that decided it; null when the session was not a ghost. */
  readonly cause: GhostCause | null;
  /** Whether the session goes on on another node. For its user nothing has ended then. */
  readonly goesOnElsewhere: boolean;
}

/** The steps of which an application can be told, and what it is told of each. */
export interface LastseenEvents {
  /** A client has said hello, and a session begins. */
  readonly opened: SessionStep;
  /** The connection has ended. The session waits for its client. */
  readonly detached: SessionStep & {
    /** The close code of the WebSocket; 1006 when it had none. */
    readonly closeCode: number;
    /** What the end tells: the page is gone, only the connection is, or the token has run out. */
    readonly cause: GhostCause;
  };
  /** The client is back on its session. */
  readonly resumed: SessionStep & {
    /** Whether it took the session from a connection that was still open. */
    readonly replaced: boolean;
    /** Why the client cannot use any of its earlier media; null when it can. */
    readonly mediaReset: "page_reloaded" | "node_lost" | null;
  };
  /** This node goes on with a session that another node began. */
  readonly adopted: SessionStep & { readonly fromNodeId: string };
  /** The user has another name. */
  readonly renamed: SessionStep;
  readonly joined: SessionStep & { readonly roomId: string };
  /** Another tab of the user has taken the session over. */
  readonly transferred: SessionStep & { readonly fromTabId: string };
  /** The others in the room are told that the user is perhaps gone. */
  readonly away: SessionStep & {
    readonly cause: GhostCause;
    /** Since the last sign of life, milliseconds. */
    readonly sinceLastSignMs: number;
  };
  readonly back: SessionStep;
  /** A deadline has passed: the session ends next. */
  readonly ghost_found: SessionStep & { readonly cause: GhostCause };
  readonly left: EndStep & {
    readonly roomId: string;
    /** Since the last sign of life, milliseconds. */
    readonly sinceLastSignMs: number;
  };
  readonly ended: EndStep & {
    /** The evidence on which the last verdict rested; null when there was none. */
    readonly evidence: EvidenceReport | null;
  };
  /** One step of a cleanup has failed. It is tried again. */
  readonly cleanup_failed: SessionStep & {
    /** The name of the step, for people. */
    readonly step: string;
    /** From 1. */
    readonly attempt: number;
    /** What was wrong. */
    readonly message: string;
  };
  /** A cleanup is over; after `left` it concerns the room, after `ended` the session. */
  readonly cleaned: SessionStep & {
    readonly reason: LeaveReason;
    /**
     * `clean`: nothing of it is left. `retried`: the same, after more than one attempt. `unseen`: Lastseen sees no mediasoup worker, or
     * not the one that has this session's media, so it cannot know. `stuck`: something is left; it is tried again with every sweep.
     */
    readonly result: "clean" | "retried" | "unseen" | "stuck";
    readonly attempts: number;
    readonly durationMs: number;
    readonly goesOnElsewhere: boolean;
  };
  readonly user_blocked: Step & {
    readonly userId: string;
    /** Null: everywhere. */
    readonly roomId: string | null;
    /** When the block ends, epoch milliseconds. */
    readonly expiresAt: number;
  };
  readonly user_unblocked: Step & { readonly userId: string; readonly roomId: string | null };
  /** A call of this session has changed. The caller's session sees `call started`, the callee's sessions see `call rings`. */
  readonly call_step: SessionStep & {
    readonly step: "call started" | "call rings" | "call accepted" | "call over";
    readonly callId: string;
    /** The other user. */
    readonly peer: string;
    /** Null when the call is over. */
    readonly kind: CallSnapshot["kind"] | null;
    /** Null while the call goes on. */
    readonly reason: string | null;
  };
  /**
   * A call rings, and no device of the callee can be reached. The application can wake one, for example by a push message: a session
   * of the callee that begins before `expiresAt` gets the call. Only for calls that were started with `ringOffline`.
   */
  readonly call_ringing: Step & {
    readonly callId: string;
    readonly from: { readonly userId: string; readonly name: string };
    /** The user who is called. */
    readonly to: string;
    readonly kind: CallSnapshot["kind"];
    /** When the ring ends by itself, epoch milliseconds. */
    readonly expiresAt: number;
  };
  /** A call did not begin. */
  readonly call_refused: SessionStep & {
    /** The user who was called. */
    readonly peer: string;
    readonly outcome: "busy" | "offline";
  };
  /** A call is over. Of all nodes, one tells this once for each call. */
  readonly call_finished: Step & {
    readonly callId: string;
    readonly outcome: "ended" | "declined" | "timeout" | "cancelled" | "busy" | "offline" | "disconnected";
  };
}
