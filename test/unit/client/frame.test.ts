import type { TSchema } from "typebox";
import { describe, expect, it } from "vitest";
import { EVENTS, REQUESTS, type RequestType } from "@lastseen/protocol";
import { readFrame, readReply } from "../../../packages/client/src/frame.js";
import { connected } from "./scenes.js";

type Loose = TSchema & {
  type?: string;
  enum?: string[];
  anyOf?: Loose[];
  properties?: Record<string, Loose>;
  required?: string[];
};

/** A value that fits the schema as far as the kinds of its fields go. */
function sampleOf({ type, enum: values, anyOf, properties }: Loose): unknown {
  if (values) return values[0];
  if (anyOf?.[0]) return sampleOf(anyOf[0]);
  switch (type) {
    case "array":
      return [];
    case "boolean":
      return true;
    case "integer":
    case "number":
      return 1;
    case "string":
      return "a";
    default:
      return Object.fromEntries(Object.entries(properties ?? {}).map(([field, inner]) => [field, sampleOf(inner)]));
  }
}

const event = (type: string, data: unknown) => readFrame(JSON.stringify({ type, data }));
const events = Object.entries(EVENTS) as [string, Loose][];
const replies = (Object.entries(REQUESTS) as [RequestType, { reply: Loose }][]).map(
  ([type, { reply }]) => [type, reply] as const,
);

/** The sample with each of its fields in turn replaced by something of another kind, and without it where it is needed. */
function spoiled(schema: Loose): object[] {
  const sample = sampleOf(schema) as Record<string, unknown>;
  return Object.keys(sample).flatMap((field) => {
    const { [field]: _left, ...without } = sample;
    const wrong = { ...sample, [field]: typeof sample[field] === "number" ? "1" : 1 };
    return schema.required?.includes(field) ? [wrong, without] : [wrong];
  });
}

describe("a frame of the service", () => {
  it.each(events)("is passed on as %s only when all fields of that event are there", (type, schema) => {
    const data = sampleOf(schema);
    expect(event(type, data)).toEqual({ kind: "event", event: { type, data } });
    expect(event(type, { ...(data as object), fromTheFuture: 1 })).toBeDefined();
    expect(event(type, undefined)).toBeUndefined();
    for (const wrong of spoiled(schema)) expect(event(type, wrong)).toBeUndefined();
  });

  it.each(replies)("answers %s only when all fields of that reply are there", (type, schema) => {
    const data = sampleOf(schema);
    expect(readReply(type, data)).toEqual(data);
    expect(readReply(type, [])).toBeUndefined();
    for (const wrong of spoiled(schema)) expect(readReply(type, wrong)).toBeUndefined();
  });

  it("can omit optional fields, and can have null where null means the same as nothing", () => {
    const producer = sampleOf(EVENTS.new_producer) as object;
    expect(event("new_producer", { ...producer, source: undefined })).toBeDefined();
    expect(event("active_speaker", { roomId: "daily", userId: null })).toBeDefined();
    expect(event("new_producer", { ...producer, source: null })).toBeUndefined();
  });

  it("has the roster version in a pong, if there is a roster", () => {
    expect(readFrame('{"type":"pong","v":7}')).toEqual({ kind: "pong", version: 7 });
    expect(readFrame('{"type":"pong"}')).toEqual({ kind: "pong", version: undefined });
    expect(readFrame('{"type":"probe"}')).toEqual({ kind: "probe" });
  });

  it.each([
    "",
    "nonsense",
    "null",
    "7",
    "[]",
    "{}",
    '{"type":"toString","data":{}}',
    '{"id":"7","ok":true}',
    undefined,
  ])("is nothing when it is %s", (text) => {
    expect(readFrame(text)).toBeUndefined();
  });
});

describe("a request", () => {
  it("fails when its answer is of another kind", async () => {
    const { browser, client } = await connected();
    const asked = client.request("getRoom", {});
    await Promise.all([
      expect(asked).rejects.toMatchObject({ code: "bad_message", retryable: false }),
      browser.socket.answer("getRoom", { room: "daily" }),
    ]);
  });

  it("fails when it is refused without a reason, and passes on an error code that this version does not know", async () => {
    const { browser, client } = await connected();
    const refuse = async (error: object | undefined) => {
      const asked = client.request("getRoom", {});
      const { id } = browser.socket.requests("getRoom").at(-1) ?? {};
      await browser.socket.receive({ id, ok: false, error });
      return asked;
    };
    await expect(refuse(undefined)).rejects.toMatchObject({ code: "internal" });
    const unheardOf = { code: "too_late", message: "Too late.", retryable: false };
    await expect(refuse(unheardOf)).rejects.toMatchObject(unheardOf);
  });
});
