/** A live call as the store keeps it and as the nodes tell each other of it. */
import Type, { type Static } from "typebox";
import { DurationMs, GivenId, Kind, RoomId, Shape, UserId } from "@lastseen/protocol";

const Party = Shape({ userId: UserId, name: Type.String(), sessionId: GivenId });

/** Durations are as of the moment of reading, by the store's own clock: no two machines agree about a date. */
export const CallRecord = Shape({
  callId: GivenId,
  roomId: RoomId,
  kind: Kind,
  state: Type.Enum(["ringing", "active"]),
  caller: Party,
  /** A session is one of the two from the moment at which it answers. */
  callee: Shape({ userId: UserId, name: Type.String(), sessionId: Type.Optional(GivenId) }),
  /** How long it has been in its state. */
  ageMs: DurationMs,
  /** When it is over by itself: a ring at its end, an active call unless somebody goes on holding it. */
  remainingMs: DurationMs,
});
export type CallRecord = Static<typeof CallRecord>;

/** How a call came to its end. */
export const CallEnd = Type.Enum(["cancelled", "declined", "timeout", "hangup", "disconnected", "kicked"]);
export type CallEnd = Static<typeof CallEnd>;

/** What has become of a call. A finished one is told as it was until then. */
export const CallChange = Type.Union([
  Shape({ change: Type.Literal("ringing"), call: CallRecord }),
  Shape({ change: Type.Literal("accepted"), call: CallRecord }),
  Shape({
    change: Type.Literal("finished"),
    call: CallRecord,
    how: CallEnd,
    /** The session that ended it; none when time did. */
    by: Type.Optional(GivenId),
  }),
]);
export type CallChange = Static<typeof CallChange>;
