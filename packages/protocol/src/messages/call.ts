import Type, { type Static } from "typebox";
import { DurationMs, EpochMs, GivenId, Kind, Nothing, RoomId, Shape, UserId } from "./shared.js";

/** Most user ids in one request about statuses. */
const MOST_USERS = 100;

const OfCall = Shape({ callId: GivenId });
const Peer = Shape({ userId: UserId, name: Type.String() });
const UserIds = Type.Array(UserId, { minItems: 1, maxItems: MOST_USERS });

/** `busy`: in a call that rings or goes on, so that a call to this user would be refused. */
export const UserStatus = Type.Enum(["available", "busy", "offline"]);
export type UserStatus = Static<typeof UserStatus>;

const Statuses = Shape({ statuses: Type.Array(Shape({ userId: UserId, status: UserStatus })) });

/** A call as one of its two sides sees it. */
export const CallSnapshot = Shape({
  callId: GivenId,
  roomId: RoomId,
  kind: Kind,
  state: Type.Enum(["ringing", "active"]),
  direction: Type.Enum(["outgoing", "incoming"]),
  peer: Peer,
  /** When the ring ends by itself; absent once it was answered. */
  expiresAt: Type.Optional(EpochMs),
  /** The same as a duration, for clients whose clock is wrong. */
  remainingMs: Type.Optional(DurationMs),
  /** Since when it is active. */
  acceptedAt: Type.Optional(EpochMs),
  /** Whether a device of the callee could be reached when the call began; only in the answer to the caller. */
  reachable: Type.Optional(Type.Boolean()),
});
export type CallSnapshot = Static<typeof CallSnapshot>;

/** One user calls another: `startCall`, the other side answers, both join `roomId`, one of them ends it. */
export const callRequests = {
  startCall: {
    data: Shape({
      to: UserId,
      kind: Kind,
      /** The call rings for its time also while no device of the callee is connected, if somebody can wake one. */
      ringOffline: Type.Optional(Type.Boolean()),
    }),
    reply: Shape({
      callId: GivenId,
      roomId: RoomId,
      ringTimeoutMs: DurationMs,
      peer: Peer,
      /** Whether a device of the callee could be reached when the call began. An older service does not say it. */
      reachable: Type.Optional(Type.Boolean()),
    }),
  },
  acceptCall: { data: OfCall, reply: Shape({ callId: GivenId, roomId: RoomId }) },
  declineCall: { data: OfCall, reply: Nothing },
  cancelCall: { data: OfCall, reply: Nothing },
  endCall: { data: OfCall, reply: Nothing },
  watchStatus: { data: Shape({ userIds: UserIds }), reply: Statuses },
  unwatchStatus: { data: Shape({ userIds: UserIds }), reply: Statuses },
} as const;

export const callEvents = {
  incoming_call: Shape({
    callId: GivenId,
    roomId: RoomId,
    from: Peer,
    kind: Kind,
    expiresAt: EpochMs,
    /** Until `expiresAt`, for clients whose clock is wrong. */
    remainingMs: DurationMs,
  }),
  call_accepted: Shape({ callId: GivenId, by: UserId, roomId: RoomId }),
  call_declined: Shape({ callId: GivenId, reason: Type.Enum(["declined", "callee_disconnected"]) }),
  call_timeout: OfCall,
  call_cancelled: Shape({
    callId: GivenId,
    reason: Type.Enum([
      "caller_cancelled",
      "answered_elsewhere",
      "declined_elsewhere",
      "timeout",
      "caller_disconnected",
    ]),
  }),
  call_ended: Shape({
    callId: GivenId,
    reason: Type.Enum(["hangup", "disconnected", "kicked"]),
    durationMs: DurationMs,
  }),
  /** The session that this connection has taken over from another tab is in a call. */
  call_moved: Shape({ call: CallSnapshot }),
  user_status: Shape({ userId: UserId, status: UserStatus }),
} as const;
