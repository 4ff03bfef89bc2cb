/** Makes data for a schema of the protocol: right data, and data that is wrong in one place. */
import fc from "fast-check";
import { IsArray, IsObject, type TSchema } from "typebox";
import { Check } from "typebox/value";
import { hostileText, hostileValue } from "./hostile.js";
import { opus, vp8 } from "../../integration/media/support.js";

type Json = Readonly<Record<string, unknown>>;

/**
 * What a value refers to that the service has given out, or that other clients of the test have: `<<producerId 1>>` is the
 * newest producer of client 1. The test puts the value in when it sends the frame.
 */
export function reference(what: string, client: number): string {
  return `<<${what} ${client}>>`;
}

export const CLIENTS = 3;
/** The fields of requests that name something which exists, and what they name. */
const REFERENCES: Readonly<Record<string, string>> = {
  sessionId: "sessionId",
  resumeToken: "resumeToken",
  transportId: "transportId",
  producerId: "producerId",
  consumerId: "consumerId",
  callId: "callId",
  to: "userId",
  userIds: "userId",
  roomId: "roomId",
};

const FINGERPRINT = { algorithm: "sha-256", value: Array(32).fill("AB").join(":") };
/** What browsers send; the service hands it to mediasoup. */
const MEDIA: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  dtlsParameters: fc.constant({ role: "client", fingerprints: [FINGERPRINT] }),
  rtpParameters: fc.constantFrom(opus, vp8).map((make) => make()),
  rtpCapabilities: fc.constant("<<rtpCapabilities>>"),
};

/** Data that fits the schema. */
export function rightFor(schema: TSchema, name = ""): fc.Arbitrary<unknown> {
  if (IsObject(schema)) {
    const fields = Object.entries(schema.properties).map(([key, inner]) => [key, rightFor(inner, key)] as const);
    return fc.record(Object.fromEntries(fields), { requiredKeys: [...(schema.required ?? [])] });
  }
  if (IsArray(schema)) return fc.array(rightFor(schema.items, name), { minLength: 1, maxLength: 5 });
  return fc.oneof(...referencesTo(name), { weight: 1, arbitrary: plainFor(schema, name) });
}

function referencesTo(name: string): { weight: number; arbitrary: fc.Arbitrary<unknown> }[] {
  const what = REFERENCES[name];
  if (what === undefined) return [];
  return [{ weight: 4, arbitrary: fc.nat({ max: CLIENTS - 1 }).map((client) => reference(what, client)) }];
}

interface Plain {
  type?: string | readonly string[];
  enum?: readonly unknown[];
  minimum?: number;
  maximum?: number;
}

function plainFor(schema: TSchema, name: string): fc.Arbitrary<unknown> {
  const { type, enum: allowed, minimum = 0, maximum = 1_000 } = schema as Plain;
  if (allowed) return fc.constantFrom(...allowed);
  if (Array.isArray(type)) return fc.oneof(hostileText, fc.constant(null));
  switch (type) {
    case "string":
      // Whatever the schema does not allow becomes a text that every schema allows.
      return hostileText.map((text) => (Check(schema, text) ? text : "x"));
    case "integer":
      return fc.integer({ min: minimum, max: maximum });
    case "boolean":
      return fc.boolean();
    case "object":
      return MEDIA[name] ?? fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
    default:
      throw new Error(`from-schema.ts does not know ${JSON.stringify(schema)}`);
  }
}

/** Right data in which one value, at any depth, is replaced, missing or added. Often it is wrong then. */
export function wrongInOnePlace(schema: TSchema): fc.Arbitrary<unknown> {
  return fc
    .tuple(rightFor(schema), fc.nat(), fc.oneof({ weight: 5, arbitrary: hostileValue }, fc.constant(undefined)))
    .map(([data, at, value]) => {
      const places = placesIn(data);
      return replaced(data, places[at % places.length] ?? [], value);
    });
}

type Path = readonly string[];

/** The paths to all values inside. An empty list or object has a place for a value that is not there yet. */
function placesIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, part]) => placesIn(part, [...path, key]));
  return [path, ...(inner.length > 0 ? inner : [[...path, "__proto__"]])];
}

/** A copy with another value at the path; `undefined` takes the value out. */
function replaced(data: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(data)) {
    const at = Number(key);
    const list = data as readonly unknown[];
    return [...list.slice(0, at), replaced(list[at], rest, value), ...list.slice(at + 1)];
  }
  const fields = Object.entries(Object(data) as Json).filter(([name]) => name !== key);
  const inner = replaced(Object(data) instanceof Object ? (data as Json)?.[key] : undefined, rest, value);
  return Object.fromEntries(inner === undefined ? fields : [...fields, [key, inner]]);
}
