import { expect, test } from "vitest";
import { LIMITS, REQUESTS } from "@lastseen/protocol";
import { decode, envelopeOf, parse } from "@lastseen/protocol/codec";

/** The time of the quickest of some runs, milliseconds. Other processes delay most runs on a busy machine, but not all. */
function timeOf(run: () => unknown): number {
  const times = Array.from({ length: 40 }, () => {
    const from = performance.now();
    run();
    return performance.now() - from;
  });
  return Math.min(...times);
}

const list = (item: string, count: number) => `[${Array.from({ length: count }, () => item).join(",")}]`;

test.each([
  ["32,000 wrong user ids", `{"id":1,"type":"watchStatus","data":{"userIds":${list("1", 32_000)}}}`, "data.userIds"],
  ["16,000 good user ids", `{"id":1,"type":"unwatchStatus","data":{"userIds":${list('"a"', 16_000)}}}`, "data.userIds"],
  ["a list of 32,000 instead of a name", `{"id":1,"type":"hello","data":{"tabId":${list("1", 32_000)}}}`, "data.tabId"],
  ["a list of 32,000 instead of data", `{"id":1,"type":"hello","data":${list("1", 32_000)}}`, "data must be object"],
  [
    "a list of 32,000 instead of an object",
    `{"id":1,"type":"setMetadata","data":{"metadata":${list("1", 32_000)}}}`,
    "data.metadata",
  ],
])("%s cost little more to refuse than to parse", (_what, text, message) => {
  const decoded = decode(text);
  if (decoded.kind !== "invalid") throw new Error(decoded.kind);
  expect(decoded).toMatchObject({ id: 1, error: { code: "bad_message" } });
  expect(decoded.error.message).toContain(message);
  const parsing = timeOf(() => JSON.parse(text) as unknown);
  expect(timeOf(() => decode(text))).toBeLessThan(4 * parsing + 1);
});

test("metadata with very many names costs little more to accept than to parse", () => {
  const names = Array.from({ length: 6_000 }, (_none, n) => `"n${n}":1`).join(",");
  const text = `{"type":"setMetadata","data":{"metadata":{${names}}}}`;
  expect(decode(text).kind).toBe("request");
  const parsing = timeOf(() => JSON.parse(text) as unknown);
  expect(timeOf(() => decode(text))).toBeLessThan(4 * parsing + 1);
});

test("every list in the data of a request says how many items it may have, so that they are counted first", () => {
  const unbounded = Object.entries(REQUESTS).flatMap(([type, { data }]) =>
    [...JSON.stringify(data).matchAll(/"type":"array"/g)].flatMap(() =>
      Object.values(data.properties).some((property) => "maxItems" in property) ? [] : [type],
    ),
  );
  expect(unbounded).toEqual([]);
});

test.each([
  ["opened and closed", `${"[".repeat(30_000)}${"]".repeat(30_000)}`],
  ["objects", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`],
])("data that is nested very deeply (%s) is refused by its id before it is parsed", (_what, deep) => {
  const text = `{"id":7,"type":"setMetadata","data":{"metadata":{"a":${deep}}}}`;
  expect(decode(text)).toMatchObject({
    kind: "invalid",
    id: 7,
    type: "setMetadata",
    error: { code: "bad_message", message: `data is nested more than ${LIMITS.nesting} levels deep` },
  });
});

test("brackets in a text are not levels, and a quote in a text does not end it", () => {
  const text = JSON.stringify({ type: "setMetadata", data: { metadata: { a: `"${"[".repeat(500)}\\` } } });
  expect(decode(text).kind).toBe("request");
});

test("the deepest data that is allowed passes, one level more does not", () => {
  // The frame, its data and the metadata are three levels.
  const metadata = (levels: number) => `{"a":${"[".repeat(levels)}${"]".repeat(levels)}}`;
  const frame = (levels: number) => `{"type":"setMetadata","data":{"metadata":${metadata(levels)}}}`;
  expect(decode(frame(LIMITS.nesting - 3)).kind).toBe("request");
  expect(decode(frame(LIMITS.nesting - 2)).kind).toBe("invalid");
});

const pad = "x".repeat(60_000);

test.each([
  ["first", `{"id":7,"type":"join","data":{"pad":"${pad}"}}`],
  ["first, the other way round, with white space", ` {\n "type" : "join" , "id" : 7 , "data":{"pad":"${pad}"}}`],
  ["last", `{"data":{"pad":"${pad}"},"id":7,"type":"join"}`],
  ["last, the other way round", `{"data":{"pad":"${pad}"},"type":"join","id":7 }`],
  ["first and last", `{"type":"join","data":{"pad":"${pad}"},"id":7}`],
])("id and type of a large frame are found when they come %s", (_where, text) => {
  expect(parse(text)).toMatchObject({ id: 7, type: "join" });
  expect(envelopeOf(text)).toEqual({ id: 7, type: "join" });
});

test("an id in the middle of a large frame is not found, and one inside the data is not taken for it", () => {
  expect(envelopeOf(`{"a":"${pad}","id":7,"b":"${pad}"}`)).toEqual({ id: undefined, type: undefined });
  expect(envelopeOf(`{"data":{"pad":"${pad}","id":7}}`)).toEqual({ id: undefined, type: undefined });
  expect(envelopeOf(`[${pad}]`)).toBeUndefined();
});

test("to look for an id costs the same in every frame", () => {
  const hostile = [
    `{${" ".repeat(64_000)}`,
    `{"id":"${pad}`,
    `{"id":1,${'"type":"'.repeat(8_000)}`,
    pad + ",".repeat(9_000),
  ];
  for (const text of hostile) expect(timeOf(() => envelopeOf(text))).toBeLessThan(1);
});
