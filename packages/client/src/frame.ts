/** Checks the service's frames. All code after this file gets values of the protocol's types. */
import type { EventData, EventType, ReplyData, RequestType } from "@lastseen/protocol";
import { EVENT_FIELDS, hasFields, isObject, REPLY_FIELDS } from "./fields.js";
import { RequestError } from "./request-error.js";

/** The answer to a ping. */
export interface Pong {
  readonly kind: "pong";
  /** The roster's version, when the session is in a room. */
  readonly version: number | undefined;
  /** When the next sign of life is due, counted from the ping. */
  readonly nextMs: number | undefined;
  /** The new `aliveIntervalMs` of `hello`. */
  readonly aliveIntervalMs: number | undefined;
}

/** An event of the service under its name, with its data. */
export type ServiceEvent = { [T in EventType]: { readonly type: T; readonly data: EventData<T> } }[EventType];

/** What the service sends besides answers to requests. */
export type Message =
  | { readonly kind: "event"; readonly event: ServiceEvent }
  | Pong
  /** The service asks for a ping. */
  | { readonly kind: "probe" };

/** The answer to the request with this id. {@link readReply} checks its data. */
export interface Answer {
  readonly kind: "answer";
  readonly id: number;
  readonly outcome:
    { readonly ok: true; readonly data: unknown } | { readonly ok: false; readonly error: RequestError };
}

/** @returns `undefined` for a frame that this client does not know, for example from a newer service */
export function readFrame(text: unknown): Message | Answer | undefined {
  const frame = parse(text);
  if (!isObject(frame)) return undefined;
  if (typeof frame["type"] === "string") return readMessage(frame["type"], frame);
  const { id, ok, data, error } = frame;
  if (typeof id !== "number") return undefined;
  const outcome = ok === true ? ({ ok, data } as const) : ({ ok: false, error: RequestError.fromWire(error) } as const);
  return { kind: "answer", id, outcome };
}

/** @returns the data of an answer to this request; `undefined` when it does not fit the request */
export function readReply<T extends RequestType>(type: T, data: unknown): ReplyData<T> | undefined {
  const reply = data ?? {};
  const fields: Readonly<Record<string, Readonly<Record<string, string>>>> = REPLY_FIELDS;
  return hasFields(fields[type] ?? {}, reply) ? (reply as ReplyData<T>) : undefined;
}

function readMessage(
  type: string,
  { v, nextMs, aliveIntervalMs, data }: Readonly<Record<string, unknown>>,
): Message | undefined {
  if (type === "pong")
    return { kind: "pong", version: number(v), nextMs: number(nextMs), aliveIntervalMs: number(aliveIntervalMs) };
  if (type === "probe") return { kind: "probe" };
  const event = { type, data };
  return isServiceEvent(event) ? { kind: "event", event } : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function isServiceEvent(event: { type: string; data: unknown }): event is ServiceEvent {
  return isEventType(event.type) && hasFields(EVENT_FIELDS[event.type], event.data);
}

function isEventType(type: string): type is EventType {
  return Object.hasOwn(EVENT_FIELDS, type);
}

function parse(text: unknown): unknown {
  try {
    return typeof text === "string" ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
