import Type, { type Static, type TObject, type TProperties, type TString, type TUnsafe } from "typebox";
import { LIMITS } from "../limits.js";
import { checkRoomId, checkTabId, checkUserId, lengthUpTo } from "../text.js";

/** An object whose unknown fields are ignored, so that the protocol can grow. */
export function Shape<T extends TProperties>(properties: T): TObject<T> {
  return Type.Object(properties);
}

/** Text of bounded length. TypeBox alone counts what people see as one character, which can be of any size. */
function Text(least: number, most: number): TString {
  const schema = Type.String({ minLength: least, maxLength: most });
  return Type.Refine(
    schema,
    (text) => lengthUpTo(text, most) <= most,
    () => `must be at most ${most} characters long`,
  );
}

/** An id that a client or a backend chose, checked by one of the functions in `text.ts`. */
function ChosenId(most: number, description: string, check: (id: unknown) => string | undefined): TString {
  const schema = Type.String({ minLength: 1, maxLength: most, description });
  return Type.Refine(
    schema,
    (id) => check(id) === undefined,
    (id) => check(id) ?? "",
  );
}

export const RoomId = ChosenId(LIMITS.idLength, "A room id", checkRoomId);
export const UserId = ChosenId(LIMITS.idLength, "A user id", checkUserId);
export const TabId = ChosenId(LIMITS.tabIdLength, "A tab id", checkTabId);
/** Ids that the service gave out (session, transport, producer, consumer, call). */
export const GivenId = Text(1, LIMITS.idLength);
/** A name as it comes in. `shownName` makes the name that others see. */
export const Name = Type.Unsafe<string | null>({ type: ["string", "null"] }) as TUnsafe<string | null> & {
  type: string[];
};
/** What a track shows: `mic`, `camera`, `screen`, or the application's own word. */
export const Source = Text(1, 32);
/** Text that names a client and its version. */
export const ClientText = Text(0, 64);
export const Token = Text(0, 8192);
export const ResumeTokenText = Text(1, 256);
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

/**
 * What a session is in its room. A participant is in the list that the others see. The audience gets the same events, is counted,
 * and is in no list.
 */
export const RoomRole = Type.Enum(["participant", "audience"]);
export type RoomRole = Static<typeof RoomRole>;

/** A participant as a large room tells it. What is left out has its usual value. */
export const ListedParticipant = Shape({
  userId: UserId,
  /** Left out: the user's id. */
  name: Type.Optional(Type.String()),
  sessionId: GivenId,
  /** Left out: present. */
  state: Type.Optional(PresenceState),
  joinedAt: EpochMs,
  /** Left out: empty. */
  metadata: Type.Optional(JsonObject),
  /** Left out: none. */
  producers: Type.Optional(Type.Array(ProducerView)),
});
export type ListedParticipant = Static<typeof ListedParticipant>;

/** A room's roster at one version; every change of the roster moves the version by one. */
export const RoomSnapshot = Shape({
  id: RoomId,
  version: Type.Integer(),
  /** All participants, or in a large room the first of them. */
  participants: Type.Array(Participant),
  /** Everybody in the room, the audience included. Left out: the number of `participants`. */
  count: Type.Optional(Type.Integer()),
  /** How many of them are audience. Left out: none. */
  audience: Type.Optional(Type.Integer()),
  /** What the session that asks is. Left out: a participant. */
  role: Type.Optional(RoomRole),
  /** The list goes on: `after` of `getParticipants`. Left out: `participants` are all. */
  next: Type.Optional(Type.String()),
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
