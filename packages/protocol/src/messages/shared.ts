import Type, { type Static, type TObject, type TProperties, type TUnsafe } from "typebox";
import { LIMITS } from "../limits.js";

/** An object whose unknown fields are ignored, so that the protocol can grow. */
export function Shape<T extends TProperties>(properties: T): TObject<T> {
  return Type.Object(properties);
}

/** Characters of room and user ids. Not "." or "..": in the path of a URL they would mean something else. */
const ID_PATTERN = "^(?!\\.{1,2}$)[A-Za-z0-9_.:@-]+$";

export const RoomId = Type.String({ minLength: 1, maxLength: LIMITS.idLength, pattern: ID_PATTERN });
export const UserId = Type.String({ minLength: 1, maxLength: LIMITS.idLength, pattern: ID_PATTERN });
export const TabId = Type.String({ minLength: 1, maxLength: LIMITS.tabIdLength, pattern: ID_PATTERN });
/** Ids that the service gave out (session, transport, producer, consumer, call). */
export const GivenId = Type.String({ minLength: 1, maxLength: LIMITS.idLength });
export const Name = Type.String({ minLength: 1, maxLength: LIMITS.nameLength });
export const EpochMs = Type.Number({ description: "Milliseconds since 1970-01-01 UTC" });
export const DurationMs = Type.Number({ description: "Milliseconds" });
export const Kind = Type.Enum(["audio", "video"]);

/**
 * Any JSON object; its inside is checked by the part that it is meant for. The validator looks only at its kind: a record of
 * unknown values would make it look at each name.
 */
export const JsonObject = Type.Unsafe<Record<string, unknown>>({
  type: "object",
  additionalProperties: true,
}) as TUnsafe<Record<string, unknown>> & { type: "object" };
export type JsonObject = Static<typeof JsonObject>;

/** No fields are needed; unknown ones are ignored. */
export const Nothing = Shape({});

export const ProducerView = Shape({
  id: GivenId,
  kind: Kind,
  source: Type.Optional(Type.String()),
  paused: Type.Boolean(),
});
export type ProducerView = Static<typeof ProducerView>;

export const PresenceState = Type.Enum(["present", "away"]);
export type PresenceState = Static<typeof PresenceState>;

/** A session as the others in its room see it. */
export const Participant = Shape({
  userId: UserId,
  name: Type.String(),
  sessionId: GivenId,
  state: PresenceState,
  joinedAt: EpochMs,
  lastSeenAt: EpochMs,
  metadata: JsonObject,
  producers: Type.Array(ProducerView),
});
export type Participant = Static<typeof Participant>;

/** A room's roster at one version; every change of the roster moves the version by one. */
export const RoomSnapshot = Shape({
  id: RoomId,
  version: Type.Integer(),
  participants: Type.Array(Participant),
});
export type RoomSnapshot = Static<typeof RoomSnapshot>;

export const LEAVE_REASONS = [
  "left",
  "disconnected",
  "idle",
  "kicked",
  "room_closed",
  "node_lost",
  "expired_token",
  "shutdown",
] as const;
/** Why a participant left its room, as the others are told. */
export type LeaveReason = (typeof LEAVE_REASONS)[number];
export const LeaveReason = Type.Enum([...LEAVE_REASONS]);
