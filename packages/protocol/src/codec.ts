/**
 * Frames to requests and back. Data comes from `gateway/connection.ts` and goes to `gateway/dispatcher.ts`.
 */
import { IsArray, IsObject, type TSchema } from "typebox";
import { Compile, type Validator } from "typebox/compile";
import { ENVELOPE_CHARACTERS, findEnvelope, isRequestId, type Envelope } from "./envelope.js";
import { findBrokenText, mayBreak } from "./broken-text.js";
import { LastseenError, type WireError } from "./errors.js";
import { firstFault } from "./first-fault.js";
import { LIMITS } from "./limits.js";
import {
  REQUESTS,
  type EventData,
  type EventType,
  type RequestData,
  type RequestId,
  type RequestType,
} from "./messages/index.js";
import { isNestedTooDeeply } from "./nesting.js";
import { toWellFormed } from "./text.js";

export { ENVELOPE_CHARACTERS, findEnvelope, firstFault, type Envelope };

export type AnyRequest = {
  [T in RequestType]: { id: RequestId | undefined; type: T; data: RequestData<T> };
}[RequestType];

/** A frame that was parsed. Nobody has looked at its data yet. */
export interface ParsedFrame extends Envelope {
  kind: "frame";
  /** At most 64 characters of well-formed Unicode: an error repeats it. */
  type: string;
  data: unknown;
  /** Whether the data can have text that is not well-formed Unicode. */
  mayBreak: boolean;
}

/** Not JSON, or not an object: nothing in it can be answered. */
export type Garbage = { kind: "garbage" };
/** A request that names itself but is wrong: answered with an error. */
export type Invalid = Envelope & { kind: "invalid"; error: LastseenError };
export type Request = { kind: "request"; request: AnyRequest };
export type Decoded = Request | Garbage | Invalid;

/** What checks the data of one type of request. */
interface RequestCheck {
  schema: TSchema;
  validator: Validator;
  /** The lists of the data, with the most items that each may have. */
  lists: readonly { name: string; most: number }[];
}

const checks = new Map<string, RequestCheck>(
  Object.entries(REQUESTS).map(([type, { data }]) => [
    type,
    { schema: data, validator: Compile<TSchema>(data), lists: listsIn(data) },
  ]),
);

/** Reads one text frame. Never throws. */
export function decode(text: string): Decoded {
  const frame = parse(text);
  return frame.kind === "frame" ? validate(frame) : frame;
}

/** The first half of {@link decode}: reads what kind of request a frame is, and leaves its data unchecked. Never throws. */
export function parse(text: string): ParsedFrame | Garbage | Invalid {
  if (isNestedTooDeeply(text)) {
    const envelope = findEnvelope(text.slice(0, ENVELOPE_CHARACTERS), text.slice(-ENVELOPE_CHARACTERS));
    if (!envelope) return { kind: "garbage" };
    return invalid(envelope.id, envelope.type, `data is nested more than ${LIMITS.nesting} levels deep`);
  }
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return { kind: "garbage" };
  }
  if (!isRecord(frame)) return { kind: "garbage" };
  const id = frame["id"];
  const type = frame["type"];
  const named = typeof type === "string" ? nameOf(type) : undefined;
  if (id !== undefined && !isRequestId(id)) {
    return invalid(
      undefined,
      named,
      "id must be an integer or a string of at most 64 characters of well-formed Unicode",
    );
  }
  if (typeof type !== "string") return invalid(id, undefined, "type must be a string");
  if (named === undefined) return invalid(id, undefined, "type is not a request of this protocol");
  return { kind: "frame", id, type: named, data: frame["data"] ?? {}, mayBreak: mayBreak(text) };
}

/** The second half of {@link decode}: stops at the first fault of the data. */
export function validate({ id, type, data, mayBreak: mustSearch }: ParsedFrame): Request | Invalid {
  const check = checks.get(type);
  if (!check) return invalid(id, type, "type is not a request of this protocol");
  const { schema, validator, lists } = check;
  // The validator counts the items of a list after it has looked at each of them.
  const tooLong = lists.find(({ name, most }) => isLongerThan(most, isRecord(data) ? data[name] : undefined));
  if (tooLong) return invalid(id, type, `data.${tooLong.name} must not have more than ${tooLong.most} items`);
  if (!validator.Check(data)) return invalid(id, type, firstFault(schema, data) ?? "data does not fit the request");
  const broken = mustSearch ? findBrokenText(data, "data", type === "hello" ? isNamePath : undefined) : undefined;
  if (broken !== undefined) return invalid(id, type, broken);
  return { kind: "request", request: { id, type, data } as AnyRequest };
}

/**
 * Id and type of a frame that is refused, whatever it asks for. A small frame is parsed; of a large one only the start and the
 * end are looked at.
 *
 * @returns undefined when the frame is garbage
 */
export function envelopeOf(text: string): Envelope | undefined {
  if (text.length > SMALL_FRAME) {
    return findEnvelope(text.slice(0, ENVELOPE_CHARACTERS), text.slice(-ENVELOPE_CHARACTERS));
  }
  const frame = parse(text);
  return frame.kind === "garbage" ? undefined : { id: frame.id, type: frame.type };
}

/** A frame of so many characters is parsed in some microseconds. */
export const SMALL_FRAME = 1024;

export function encodeReply(id: RequestId, data: unknown): string {
  return JSON.stringify({ id, ok: true, data });
}

export function encodeErrorReply(id: RequestId, error: WireError): string {
  return JSON.stringify({ id, ok: false, error });
}

export function encodeEvent<T extends EventType>(type: T, data: EventData<T>): string {
  return JSON.stringify({ type, data });
}

/** When a client should give its next signs of life. */
export interface BeatTerms {
  /** The next one, counted from the ping that is answered, milliseconds. */
  nextMs: number;
  /** The new `aliveIntervalMs` of `hello`. */
  aliveIntervalMs?: number | undefined;
}

/** The answer to a ping; `version` is the roster version when the session is in a room. */
export function encodePong(version: number | undefined, terms?: BeatTerms): string {
  const roster = version === undefined ? "" : `,"v":${version}`;
  if (!terms) return `{"type":"pong"${roster}}`;
  const pace = terms.aliveIntervalMs === undefined ? "" : `,"aliveIntervalMs":${terms.aliveIntervalMs}`;
  return `{"type":"pong"${roster},"nextMs":${terms.nextMs}${pace}}`;
}

export const PROBE = '{"type":"probe"}';
/** The heartbeat as clients send it, byte for byte: answered without parsing. */
export const BARE_PING = '{"type":"ping"}';
/** The sign of life as clients send it, byte for byte. */
export const BARE_ALIVE = '{"type":"alive"}';

function invalid(id: RequestId | undefined, type: string | undefined, message: string): Invalid {
  return { kind: "invalid", id, type, error: new LastseenError("bad_message", message) };
}

function listsIn(schema: TSchema): RequestCheck["lists"] {
  if (!IsObject(schema)) return [];
  return Object.entries(schema.properties).flatMap(([name, property]) =>
    IsArray(property) ? [{ name, most: (property as { maxItems?: number }).maxItems ?? Infinity }] : [],
  );
}

function isLongerThan(most: number, value: unknown): boolean {
  return Array.isArray(value) && value.length > most;
}

/** The type as an error repeats it; undefined when it is too long for that. */
function nameOf(type: string): string | undefined {
  if (checks.has(type)) return type;
  return type.length <= 64 ? toWellFormed(type) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A name with half of a character is mended and not refused. */
function isNamePath(path: string): boolean {
  return path === "data.user.name";
}
