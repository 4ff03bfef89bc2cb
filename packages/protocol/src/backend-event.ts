/** What the owner's backend is told: one JSON object for each step of a session, a room, a call or a node. */
import Type, { type Static, type TSchema } from "typebox";
import { EpochMs, Shape } from "./messages/shared.js";

/** The types of events, in the order of a life. */
export const BACKEND_EVENT_TYPES = [
  "node_started",
  "session_opened",
  "session_resumed",
  "session_adopted",
  "room_opened",
  "room_adopted",
  "joined",
  "transferred",
  "away",
  "back",
  "left",
  "room_closed",
  "session_ended",
  "call_started",
  "call_ringing",
  "call_accepted",
  "call_refused",
  "call_finished",
  "events_dropped",
] as const;

export type BackendEventType = (typeof BACKEND_EVENT_TYPES)[number];

const OrNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** An event before the log has given it its id. Fields that do not apply are null or, below `epoch`, left out. */
const fields = {
  type: Type.Enum([...BACKEND_EVENT_TYPES]),
  at: EpochMs,
  nodeId: Type.String({ description: "The node on which it happened" }),
  sequence: Type.Integer({ description: "Grows with every event of a node" }),
  roomId: OrNull(Type.String()),
  userId: OrNull(Type.String()),
  sessionId: OrNull(Type.String()),
  epoch: OrNull(Type.Integer({ description: "Grows whenever a session, or a room, changes its owner" })),
  name: Type.Optional(Type.String({ description: "The user's name as shown" })),
  tabId: Type.Optional(Type.String()),
  fromTabId: Type.Optional(Type.String()),
  fromNodeId: Type.Optional(Type.String()),
  mediaReset: Type.Optional(
    Type.Union([Type.Enum(["page_reloaded", "node_lost"]), Type.Null()], {
      description: "Why the client makes all its media anew; null when it keeps them",
    }),
  ),
  replaced: Type.Optional(Type.Boolean({ description: "Whether it took the session from a connection that was open" })),
  reason: Type.Optional(Type.String({ description: "As in `user_left`" })),
  role: Type.Optional(Type.String({ description: "`audience` of who joined and is counted and not listed" })),
  cause: Type.Optional(Type.String({ description: "The evidence that led to it" })),
  callId: Type.Optional(Type.String()),
  peer: Type.Optional(Type.String({ description: "The other user of the call" })),
  kind: Type.Optional(Type.String({ description: "audio or video" })),
  from: Type.Optional(Shape({ userId: Type.String(), name: Type.String() })),
  to: Type.Optional(Type.String({ description: "The user who is called" })),
  expiresAt: Type.Optional(EpochMs),
  reachable: Type.Optional(Type.Boolean({ description: "Whether a device of the callee can be reached" })),
  outcome: Type.Optional(Type.String({ description: "What a call came to" })),
  count: Type.Optional(Type.Integer({ description: "How many events were dropped" })),
  firstAt: Type.Optional(EpochMs),
  lastAt: Type.Optional(EpochMs),
  alone: Type.Optional(Type.Boolean({ description: "Whether no other node goes on with what this one held before" })),
};

export const NewBackendEvent = Shape(fields);
export type NewBackendEvent = Static<typeof NewBackendEvent>;

export const BackendEvent = Shape({ id: Type.String({ description: "In the order of the log" }), ...fields });
export type BackendEvent = Static<typeof BackendEvent>;

/** The fields that every event of a type has, beside those of all events. What may be null or missing in some is not named. */
export const BACKEND_EVENT_FIELDS = {
  node_started: ["alone"],
  session_opened: ["userId", "sessionId", "epoch", "name", "tabId"],
  session_resumed: ["userId", "sessionId", "epoch", "name", "replaced", "mediaReset"],
  session_adopted: ["userId", "sessionId", "epoch", "name"],
  room_opened: ["roomId", "epoch"],
  room_adopted: ["roomId", "epoch"],
  joined: ["roomId", "userId", "sessionId", "epoch", "name"],
  transferred: ["userId", "sessionId", "epoch", "name", "tabId", "fromTabId"],
  away: ["userId", "sessionId", "epoch", "name"],
  back: ["userId", "sessionId", "epoch", "name"],
  left: ["roomId", "userId", "sessionId", "epoch", "name", "reason"],
  room_closed: ["roomId", "epoch"],
  session_ended: ["userId", "sessionId", "epoch", "name", "reason"],
  call_started: ["userId", "sessionId", "epoch", "name", "callId", "peer", "kind"],
  call_ringing: ["userId", "callId", "kind", "from", "to", "expiresAt", "reachable"],
  call_accepted: ["userId", "sessionId", "epoch", "name", "callId", "peer", "kind"],
  call_refused: ["userId", "sessionId", "epoch", "name", "peer", "outcome"],
  call_finished: ["callId", "outcome"],
  events_dropped: ["cause", "count", "firstAt", "lastAt"],
} as const satisfies Readonly<Record<BackendEventType, readonly (keyof BackendEvent)[]>>;

type FieldOf<T extends BackendEventType> = (typeof BACKEND_EVENT_FIELDS)[T][number];
type Id = "roomId" | "userId" | "sessionId" | "epoch";
type Given<K extends keyof BackendEvent> = Exclude<BackendEvent[K], undefined | (K extends Id ? null : never)>;

/** An event of this type, with the fields that each such event has. */
export type BackendEventOf<T extends BackendEventType> = Omit<BackendEvent, "type" | FieldOf<T>> & {
  readonly type: T;
} & { readonly [K in FieldOf<T>]: Given<K> };

/** An event of any type; `type` tells which one. */
export type AnyBackendEvent = { [T in BackendEventType]: BackendEventOf<T> }[BackendEventType];

/** One event in one request, as Standard Webhooks has it. */
export const BackendMessage = Shape({
  type: Type.Enum([...BACKEND_EVENT_TYPES]),
  timestamp: Type.String({ description: "When it happened, ISO 8601: `at` of the event" }),
  data: BackendEvent,
});
export type BackendMessage = Static<typeof BackendMessage>;

/** Several events in one request, for a backend that wants them so. The events of one user are in order. */
export const BackendBatch = Shape({
  type: Type.Literal("batch"),
  timestamp: Type.String({ description: "When the service sent it, ISO 8601" }),
  data: Shape({ events: Type.Array(BackendEvent) }),
});
export type BackendBatch = Static<typeof BackendBatch>;

/** Ids of events: two numbers, compared one after the other. */
export const BackendEventId = Type.String({
  pattern: "^\\d{1,15}-\\d{1,15}$",
  description: "The id of an event: those that follow it in the log",
});
