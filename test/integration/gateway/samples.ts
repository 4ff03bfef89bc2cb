import type { TSchema } from "typebox";
import { REQUESTS, type RequestData, type RequestType } from "@lastseen/protocol";

export const REQUEST_TYPES = Object.keys(REQUESTS) as RequestType[];

/** One right example of each request's data, with every optional field. */
export const SAMPLES: { [T in RequestType]: Required<RequestData<T>> } = {
  hello: {
    token: "a.b.c",
    user: { id: "mallory", name: "Mallory" },
    tabId: "tab-1",
    resume: { sessionId: "gone", resumeToken: "secret" },
    client: { name: "test", version: "1" },
    roomId: "daily",
    paced: true,
  },
  ping: { visibility: "hidden" },
  alive: {},
  join: { roomId: "daily", onDuplicate: "transfer", metadata: { hand: true }, role: "participant", sources: ["mic"] },
  getRoom: {},
  getParticipants: { after: "3", limit: 10 },
  setMetadata: { metadata: { hand: true } },
  leave: {},
  beforeDisconnect: { roomId: "daily" },
  createTransport: { direction: "send" },
  connectTransport: { transportId: "t", dtlsParameters: {} },
  restartIce: { transportId: "t" },
  produce: { transportId: "t", kind: "audio", rtpParameters: {}, source: "mic", paused: false },
  pauseProducer: { producerId: "p" },
  resumeProducer: { producerId: "p" },
  closeProducer: { producerId: "p" },
  consume: { producerId: "p", rtpCapabilities: {} },
  pauseConsumer: { consumerId: "c" },
  resumeConsumer: { consumerId: "c" },
  closeConsumer: { consumerId: "c" },
  setPreferredLayers: { consumerId: "c", spatialLayer: 1, temporalLayer: 1 },
  startCall: { to: "nobody", kind: "audio", ringOffline: false },
  acceptCall: { callId: "c" },
  declineCall: { callId: "c" },
  cancelCall: { callId: "c" },
  endCall: { callId: "c" },
  watchStatus: { userIds: ["ada"] },
  unwatchStatus: { userIds: ["ada"] },
};

/** The parts of a JSON schema that the generator looks at. */
interface SchemaNode {
  type?: string;
  enum?: readonly unknown[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  minimum?: number;
  maximum?: number;
  required?: readonly string[];
  properties?: Readonly<Record<string, SchemaNode>>;
  items?: SchemaNode;
}

export interface Mistake {
  what: string;
  data: unknown;
}

type Json = Record<string, unknown>;

/** The sample with one thing wrong in it, for each field and each way in which it can be wrong. */
export function mistakesIn(type: RequestType): Mistake[] {
  const schema: TSchema = REQUESTS[type].data;
  const sample = SAMPLES[type] as Json;
  const wholes = ["text", 7, true, [], [sample], 1e308].map((data) => ({ what: `data as ${typeof data}`, data }));
  return [...wholes, ...mistakesAt(schema, sample, [])];
}

function mistakesAt(schema: SchemaNode, sample: Json, path: readonly string[]): Mistake[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const at = [...path, name].join(".");
    const rest = Object.fromEntries(Object.entries(sample).filter(([key]) => key !== name));
    const missing = schema.required?.includes(name) ? [{ what: `${at} missing`, data: rest }] : [];
    const wrong = wrongValues(property).map((value) => ({
      what: `${at} as ${JSON.stringify(value).slice(0, 40)}`,
      data: { ...sample, [name]: value },
    }));
    const inside = property.properties
      ? mistakesAt(property, sample[name] as Json, [...path, name]).map(({ what, data }) => ({
          what,
          data: { ...sample, [name]: data },
        }))
      : [];
    return [...missing, ...wrong, ...inside];
  });
}

/** Values that a field of this kind must not have. Chosen by the kind alone, not by asking a validator. */
function wrongValues(schema: SchemaNode): unknown[] {
  const deep = JSON.parse("[".repeat(500) + "]".repeat(500)) as unknown;
  const others = { text: "NaN", number: 7, yes: true, none: null, list: [], object: { a: 1 }, deep };
  const { text, number, yes, none, list, object } = others;
  const huge = Array.from({ length: 5_000 }, () => 0);
  const poison = JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":{}}}') as unknown;
  if (schema.enum) {
    const [first] = schema.enum;
    return [
      "",
      `${String(first)} `,
      String(first).toUpperCase(),
      "__proto__",
      [first],
      number,
      yes,
      none,
      object,
      deep,
    ];
  }
  // A name may be null, and text that is no fitting name is mended: only other kinds are wrong.
  if (Array.isArray(schema.type)) return [number, 1.5, yes, list, object, deep, huge, poison];
  switch (schema.type) {
    case "string": {
      const kinds = [number, 1.5, yes, none, list, object, deep, huge, poison];
      const long = "x".repeat((schema.maxLength ?? 0) + 1);
      const empty = schema.minLength ? [""] : [];
      const signs = [".", "..", "a b", "ä", "\u0000", "\uD800", "a\nb", "a/b", "💥", "a\u202Eb", "<b>"];
      return [...kinds, long, ...empty, ...(schema.pattern === undefined ? [] : signs)];
    }
    case "integer":
      return [text, "1", "", 1.5, -1, (schema.maximum ?? 0) + 1, 1e308, yes, none, list, object, deep];
    case "boolean":
      return [text, "true", "", 0, 1, none, list, object, deep];
    case "object":
      return [text, "{}", number, yes, none, list, [[]], deep, huge];
    case "array": {
      const empty = schema.minItems ? [list] : [];
      const items = (schema.items ? wrongValues(schema.items) : []).map((item) => [item]);
      return [text, "[]", number, yes, none, object, { length: 1 }, deep, huge, ...empty, ...items];
    }
    default:
      throw new Error(`the generator does not know ${JSON.stringify(schema)}`);
  }
}
