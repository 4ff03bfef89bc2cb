import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { EVENTS, REQUESTS } from "@lastseen/protocol";
import { ASYNCAPI, asyncApiDocument, SCHEMAS, schemasDocument } from "../../../scripts/wire-documents.js";

/** The JSON Schema with which the AsyncAPI project says what a document of version 3.0.0 is. */
const OFFICIAL = createRequire(import.meta.url)("@asyncapi/specs/schemas/3.0.0.json") as object;

interface AsyncApi {
  channels: Record<string, { messages: Record<string, { payload: object }> }>;
  operations: Record<
    string,
    { action: string; messages: { $ref: string }[]; reply?: { messages: { $ref: string }[] } }
  >;
  components: { schemas: Record<string, object> };
}

test("asyncapi.yaml and schemas.json say what the schemas say (`npm run docs` writes them)", async () => {
  expect(readFileSync(ASYNCAPI, "utf8")).toBe(await asyncApiDocument());
  expect(readFileSync(SCHEMAS, "utf8")).toBe(await schemasDocument());
});

describe("the AsyncAPI document", () => {
  const document = parse(readFileSync(ASYNCAPI, "utf8")) as AsyncApi;

  test("fits the schema of the AsyncAPI project, and would not with a fault", () => {
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, meta: false, validateSchema: false });
    const check = ajv.compile(OFFICIAL);
    check(document);
    expect(check.errors ?? []).toEqual([]);
    expect(check({ ...document, operations: { join: { action: "ask", channel: {} } } })).toBe(false);
  });

  test("has every request with its answer, and every event, and leads nowhere else", () => {
    const { operations, channels } = document;
    for (const type of Object.keys(REQUESTS)) expect(operations[type]?.action, type).toBe("receive");
    for (const type of Object.keys(EVENTS)) expect(operations[`tell_${type}`]?.action, type).toBe("send");
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = ""]) =>
      path.split("/"),
    );
    expect(refs.length).toBeGreaterThan(100);
    for (const path of refs) {
      const found = path.reduce<unknown>((at, name) => (Object(at) as Record<string, unknown>)[name], document);
      expect(found, path.join("/")).toBeDefined();
    }
    expect(Object.keys(channels)).toEqual(["client", "agent", "webhook"]);
  });
});

test("schemas.json checks frames as the service does", () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(JSON.parse(readFileSync(SCHEMAS, "utf8")) as object);
  const check = (name: string, frame: unknown) => ajv.validate(`urn:lastseen:schemas#/$defs/${name}`, frame);
  expect(check("join", { id: 7, type: "join", data: { roomId: "daily" } })).toBe(true);
  expect(check("join", { id: 7, type: "join", data: {} })).toBe(false);
  expect(check("getRoom", { id: "a", type: "getRoom" })).toBe(true);
  expect(check("pong", { type: "pong", v: 17 })).toBe(true);
  const error = { code: "not_joined", message: "Join first.", retryable: false };
  expect(check("refusal", { id: 7, ok: false, error })).toBe(true);
  expect(check("refusal", { id: 7, ok: false, error: { ...error, code: "unheard_of" } })).toBe(false);
  expect(check("UserStatus", { userId: "ada", status: "busy" })).toBe(true);
});
