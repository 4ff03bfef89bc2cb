/** A live call, as the store keeps it and as the nodes tell each other about it. */
import Type, { type Static } from "typebox";
import { DurationMs, GivenId, Kind, RoomId, Shape, UserId } from "@lastseen/protocol";

const Party = Shape({ userId: UserId, name: Type.String(), sessionId: GivenId });

/**
 * Durations are true at the moment of reading, by the store's own clock. A record holds no dates, because the clocks of
 * two machines differ.
 */
export const CallRecord = Shape({
  callId: GivenId,
  roomId: RoomId,
  kind: Kind,
  state: Type.Enum(["ringing", "active"]),
  /**
   * The callee has blocked the caller. The call rings only for the caller, for whom it looks like any other that nobody
   * answers. The callee is not told of it, is not busy by it, and cannot answer it.
   */
  hidden: Type.Optional(Type.Literal(true)),
  /** The call rings for its whole time also while the callee has no session: somebody outside can wake a device. */
  ringOffline: Type.Optional(Type.Literal(true)),
  caller: Party,
  /** The callee has no session in the call before one of the callee's sessions answers. */
  callee: Shape({ userId: UserId, name: Type.String(), sessionId: Type.Optional(GivenId) }),
  /** How long the call has been in its state. */
  ageMs: DurationMs,
  /** The call ends by itself after this time: a ring always, an active call unless a node renews its lease. */
  remainingMs: DurationMs,
});
export type CallRecord = Static<typeof CallRecord>;

/** How a call ended. */
export const CallEnd = Type.Enum(["cancelled", "declined", "timeout", "hangup", "disconnected", "kicked"]);
export type CallEnd = Static<typeof CallEnd>;

/** What has changed about a call. The record of a finished call is the last one before its end. */
export const CallUpdate = Type.Union([
  Shape({ change: Type.Literal("ringing"), call: CallRecord }),
  Shape({ change: Type.Literal("accepted"), call: CallRecord }),
  Shape({
    change: Type.Literal("finished"),
    call: CallRecord,
    how: CallEnd,
    /** The session that ended the call; absent when no session did. */
    by: Type.Optional(GivenId),
  }),
]);
export type CallUpdate = Static<typeof CallUpdate>;
