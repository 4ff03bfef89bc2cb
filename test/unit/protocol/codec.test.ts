import fc from "fast-check";
import { expect, test } from "vitest";
import {
  BARE_PING,
  decode,
  encodeErrorReply,
  encodeEvent,
  encodePong,
  encodeReply,
  envelopeOf,
  parse,
  PROBE,
} from "@lastseen/protocol/codec";
import { LastseenError, toWireError } from "@lastseen/protocol";

test("a right request is read with its id, type and data; unknown fields do no harm", () => {
  expect(decode('{"id":7,"type":"join","data":{"roomId":"daily","later":1},"more":true}')).toEqual({
    kind: "request",
    request: { id: 7, type: "join", data: { roomId: "daily", later: 1 } },
  });
  expect(decode('{"type":"leave"}')).toEqual({ kind: "request", request: { id: undefined, type: "leave", data: {} } });
});

test("the heartbeat that is told by its bytes means the same when it is parsed", () => {
  expect(decode(BARE_PING)).toEqual({ kind: "request", request: { id: undefined, type: "ping", data: {} } });
});

test.each([
  ['{"id":1,"type":"join","data":{}}', "data must have required properties roomId"],
  ['{"id":1,"type":"join","data":{"roomId":7}}', "data.roomId must be string"],
  ['{"id":1,"type":"createTransport","data":{"direction":"up"}}', "data.direction must be one of send, recv"],
  ['{"id":1,"type":"hello","data":{"tabId":"t","user":{"id":""}}}', /^data\.user\.id must /],
  ['{"id":1,"type":"join","data":[]}', "data must be object"],
])("%s is told what is wrong: %s", (text, message) => {
  const decoded = decode(text);
  if (decoded.kind !== "invalid") throw new Error(decoded.kind);
  expect(decoded.id).toBe(1);
  expect(decoded.error.code).toBe("bad_message");
  expect(decoded.error.message).toMatch(message);
});

test("a type with half of a character is mended before anything repeats it, also when the frame is refused unread", () => {
  const text = '{"id":1,"type":"Maria \\ud83c"}';
  expect(parse(text)).toMatchObject({ kind: "frame", type: "Maria \uFFFD" });
  expect(decode(text)).toMatchObject({ kind: "invalid", type: "Maria \uFFFD" });
  expect(envelopeOf(text)).toEqual({ id: 1, type: "Maria \uFFFD" });
});

test.each([
  ["a raw line end", '"a\nb"', undefined],
  ["half of a character", '"\\ud800"', undefined],
  ["a broken escape", '"\\x"', undefined],
  ["escapes", '"a\\"\\u00e4"', 'a"ä'],
  ["64 characters", JSON.stringify("x".repeat(64)), "x".repeat(64)],
  ["the largest exact integer", "9007199254740991", 9_007_199_254_740_991],
  ["an integer beyond", "9007199254740993", undefined],
])("the id of a frame that is not parsed, with %s, is found or left out", (_what, json, id) => {
  const rest = `"data":${"[".repeat(2_000)}`;
  expect(envelopeOf(`{"id":${json},"type":"join",${rest}`)).toEqual({ id, type: "join" });
  expect(envelopeOf(`{"type":"join","id":${json},${rest}`)).toEqual({ id, type: "join" });
  expect(envelopeOf(`{${rest},"type":"join","id":${json}}`)).toEqual({ id, type: "join" });
});

test("any text can be looked through for an id", () => {
  const unit = fc.constantFrom('{"id":', '"', "\\", "\n", "1", "u", "\uD800", ',"type":', "}", " ");
  const text = fc.array(unit, { maxLength: 40 }).map((units) => units.join(""));
  const padded = text.map((chosen) => `{"id":${chosen}${" ".repeat(1_100)}${chosen}}`);
  fc.assert(
    fc.property(padded, (frame) => {
      const { id } = envelopeOf(frame) ?? {};
      expect(["undefined", "number", "string"]).toContain(typeof id);
    }),
  );
});

test("what was wrong is named but never repeated", () => {
  const decoded = decode('{"type":"hello","data":{"tabId":"t","resume":{"sessionId":"s","resumeToken":["SECRET"]}}}');
  expect(JSON.stringify(decoded)).not.toContain("SECRET");
});

test("whatever text comes, it is read without throwing, and only a JSON object is more than garbage", () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json({ maxDepth: 8 }).map((json) => `{"type":"join","data":${json}}`),
  );
  fc.assert(
    fc.property(text, (raw) => {
      const { kind } = decode(raw);
      let value: unknown;
      try {
        value = JSON.parse(raw);
      } catch {
        value = undefined;
      }
      const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
      expect(kind === "garbage").toBe(!isObject);
    }),
    { seed: 20_261_103, numRuns: 2_000 },
  );
});

test("answers, errors, events, pongs and probes look as clients expect", () => {
  expect(encodeReply("a", {})).toBe('{"id":"a","ok":true,"data":{}}');
  const wire = new LastseenError("redirect", "Elsewhere.", { data: { url: "https://b" } }).toWire();
  expect(encodeErrorReply(0, wire)).toBe(
    '{"id":0,"ok":false,"error":{"code":"redirect","message":"Elsewhere.","retryable":false,"data":{"url":"https://b"}}}',
  );
  expect(encodeEvent("server_closing", { reconnectAfterMs: 5 })).toBe(
    '{"type":"server_closing","data":{"reconnectAfterMs":5}}',
  );
  expect(JSON.parse(encodePong(17, { nextMs: 3_400 }))).toEqual({ type: "pong", v: 17, nextMs: 3_400 });
  expect(JSON.parse(encodePong(undefined, { nextMs: 3_400, aliveIntervalMs: 3_500 }))).toEqual({
    type: "pong",
    nextMs: 3_400,
    aliveIntervalMs: 3_500,
  });
  expect([encodePong(undefined), encodePong(17), PROBE]).toEqual([
    '{"type":"pong"}',
    '{"type":"pong","v":17}',
    '{"type":"probe"}',
  ]);
});

test.each([new TypeError("secret"), "secret", undefined, { code: "forbidden", message: "secret" }])(
  "what is no expected failure (%s) is internal and tells nothing",
  (thrown) => {
    expect(toWireError(thrown)).toEqual({
      code: "internal",
      message: "The service could not carry this out.",
      retryable: true,
    });
  },
);
