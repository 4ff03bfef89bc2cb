/**
 * The fields of each event's and each reply's data, and the kind of each field. The protocol's schemas would bring their
 * library into the browser, so the client uses this table instead; the compiler checks that it agrees with the schemas.
 * The contents of objects and arrays are not checked.
 */
import type { EventData, EventType, ReplyData, RequestType } from "@lastseen/protocol";

type KindName<V> = V extends string
  ? "string"
  : V extends number
    ? "number"
    : V extends boolean
      ? "boolean"
      : V extends readonly unknown[]
        ? "array"
        : "object";
type OrNull<V> = null extends V ? "|null" : "";
type OrAbsent<V> = undefined extends V ? "|undefined" : "";
type Kinds<V> = `${KindName<NonNullable<V>>}${OrNull<V>}${OrAbsent<V>}`;

/** The kinds that each field of a T may have. */
export type Fields<T> = { readonly [K in keyof T]-?: Kinds<T[K]> };

/** Whether the value is an object with fields of these kinds; it may have more. */
export function fits<T>(fields: Fields<T>, value: unknown): value is T {
  return hasFields(fields, value);
}

/** Like {@link fits}, for a table that the caller chooses at run time. */
export function hasFields(fields: Readonly<Record<string, string>>, value: unknown): boolean {
  if (!isObject(value)) return false;
  return Object.entries(fields).every(([field, kinds]) => kinds.split("|").includes(kindOf(value[field])));
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return kindOf(value) === "object";
}

export function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

type ReplyWithFields = { [T in RequestType]: keyof ReplyData<T> extends never ? never : T }[RequestType];

const roster = { roomId: "string", version: "number" } as const;
const presence = { ...roster, userId: "string", sessionId: "string", reason: "string" } as const;
const producer = { roomId: "string", userId: "string", sessionId: "string", producerId: "string" } as const;
const callOver = { callId: "string", reason: "string" } as const;
const statuses = { statuses: "array" } as const;
const callToJoin = { callId: "string", roomId: "string" } as const;

export const EVENT_FIELDS: { readonly [T in EventType]: Fields<EventData<T>> } = {
  user_joined: { ...roster, participant: "object" },
  user_left: {
    ...roster,
    userId: "string",
    name: "string",
    sessionId: "string",
    reason: "string",
    count: "number",
    participants: "array|undefined",
  },
  user_away: presence,
  user_back: presence,
  name_changed: { ...roster, userId: "string", sessionId: "string", name: "string" },
  metadata_changed: { ...roster, userId: "string", sessionId: "string", metadata: "object" },
  roster_changed: {
    ...roster,
    count: "number",
    audience: "number",
    joined: "array|undefined",
    left: "array|undefined",
    away: "array|undefined",
    back: "array|undefined",
    changed: "array|undefined",
  },
  room_closed: { ...roster, reason: "string" },
  session_transferred: { roomId: "string", tabId: "string", at: "number" },
  server_closing: { reconnectAfterMs: "number", url: "string|undefined" },
  new_producer: { ...producer, kind: "string", source: "string|undefined", paused: "boolean" },
  producer_paused: producer,
  producer_resumed: producer,
  producer_closed: producer,
  consumer_closed: { consumerId: "string", reason: "string" },
  transport_closed: { transportId: "string", reason: "string" },
  active_speaker: { roomId: "string", userId: "string|null" },
  media_reset: { reason: "string" },
  incoming_call: { ...callToJoin, from: "object", kind: "string", expiresAt: "number", remainingMs: "number" },
  call_accepted: { ...callToJoin, by: "string" },
  call_declined: callOver,
  call_timeout: { callId: "string" },
  call_cancelled: callOver,
  call_ended: { ...callOver, durationMs: "number" },
  call_moved: { call: "object" },
  user_status: { userId: "string", status: "string" },
  error: { code: "string", message: "string", type: "string|undefined", data: "object|undefined" },
};

/** A reply that is not here has no fields. */
export const REPLY_FIELDS: { readonly [T in ReplyWithFields]: Fields<ReplyData<T>> } = {
  hello: {
    sessionId: "string",
    epoch: "number",
    resumeToken: "string",
    resumed: "boolean",
    user: "object",
    nodeId: "string",
    heartbeat: "object",
    room: "object|null",
    routerRtpCapabilities: "object|null|undefined",
    call: "object|null",
  },
  join: {
    room: "object",
    routerRtpCapabilities: "object|null",
    transferred: "boolean",
    sessionId: "string",
    epoch: "number",
    resumeToken: "string",
  },
  getRoom: { room: "object" },
  getParticipants: { roomId: "string", version: "number", participants: "array", next: "string|undefined" },
  createTransport: {
    id: "string",
    iceParameters: "object",
    iceCandidates: "array",
    dtlsParameters: "object",
    sctpParameters: "object|undefined",
  },
  restartIce: { iceParameters: "object" },
  produce: { producerId: "string" },
  consume: {
    consumerId: "string",
    producerId: "string",
    kind: "string",
    rtpParameters: "object",
    producerPaused: "boolean",
  },
  startCall: { ...callToJoin, ringTimeoutMs: "number", peer: "object", reachable: "boolean|undefined" },
  acceptCall: callToJoin,
  watchStatus: statuses,
  unwatchStatus: statuses,
};
