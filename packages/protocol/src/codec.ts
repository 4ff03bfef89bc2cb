/**
 * Frames to requests and back. Data comes from `gateway/connection.ts` and goes to `gateway/dispatch.ts`.
 */
import type { TSchema } from "typebox";
import { Compile, type Validator } from "typebox/compile";
import { LastseenError, type WireError } from "./errors.js";
import {
  REQUESTS,
  type EventData,
  type EventType,
  type RequestData,
  type RequestId,
  type RequestType,
} from "./messages/index.js";

export type AnyRequest = {
  [T in RequestType]: { id: RequestId | undefined; type: T; data: RequestData<T> };
}[RequestType];

export type Decoded =
  | { kind: "request"; request: AnyRequest }
  /** Not JSON, or not an object: nothing in it can be answered. */
  | { kind: "garbage" }
  /** A request that names itself but is wrong: answered with an error. */
  | { kind: "invalid"; id: RequestId | undefined; type: string | undefined; error: LastseenError };

const validators = new Map<string, Validator>(
  Object.entries(REQUESTS).map(([type, { data }]) => [type, Compile<TSchema>(data)]),
);

/** Reads one text frame. Never throws. */
export function decode(text: string): Decoded {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return { kind: "garbage" };
  }
  if (!isRecord(frame)) return { kind: "garbage" };
  const id = frame["id"];
  const type = frame["type"];
  const named = typeof type === "string" && type.length <= 64 ? type : undefined;
  if (id !== undefined && !isRequestId(id)) {
    return invalid(undefined, named, "id must be an integer or a string of at most 64 characters");
  }
  if (typeof type !== "string") return invalid(id, undefined, "type must be a string");
  const validator = validators.get(type);
  if (!validator) return invalid(id, named, "type is not a request of this protocol");
  const data = frame["data"] ?? {};
  if (!validator.Check(data)) return invalid(id, type, explain(validator, data));
  return { kind: "request", request: { id, type, data } as AnyRequest };
}

export function encodeReply(id: RequestId, data: unknown): string {
  return JSON.stringify({ id, ok: true, data });
}

export function encodeErrorReply(id: RequestId, error: WireError): string {
  return JSON.stringify({ id, ok: false, error });
}

export function encodeEvent<T extends EventType>(type: T, data: EventData<T>): string {
  return JSON.stringify({ type, data });
}

/** The answer to a ping; `version` is the roster version when the session is in a room. */
export function encodePong(version: number | undefined): string {
  return version === undefined ? '{"type":"pong"}' : `{"type":"pong","v":${version}}`;
}

export const PROBE = '{"type":"probe"}';
/** The heartbeat as clients send it, byte for byte: answered without parsing. */
export const BARE_PING = '{"type":"ping"}';

function invalid(id: RequestId | undefined, type: string | undefined, message: string): Decoded {
  return { kind: "invalid", id, type, error: new LastseenError("bad_message", message) };
}

/** The first problem in words, naming the field but never repeating its value. */
function explain(validator: Validator, data: unknown): string {
  const first = validator.Errors(data)[0];
  if (!first) return "data does not fit the request";
  const path = first.instancePath.replaceAll("/", ".").slice(0, 128);
  if (first.keyword === "enum") return `data${path} must be one of ${first.params.allowedValues.join(", ")}`;
  return `data${path} ${first.message}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isRequestId(value: unknown): value is RequestId {
  return Number.isSafeInteger(value) || (typeof value === "string" && value.length <= 64);
}
