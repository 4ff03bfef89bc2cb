import fc from "fast-check";
import { expect, test } from "vitest";
import { checkRoomId, checkUserId, isWellFormed, shownName } from "@lastseen/protocol";
import { decode } from "@lastseen/protocol/codec";

const FAMILY = "👨‍👩‍👧";

test.each([
  "auth0|5f7c",
  "google-oauth2|1",
  "ada+x@example.com",
  "Team standup",
  "会议室",
  "YWRh/bG92ZQ==",
  "{a}:%2F #?&",
  "42",
  "می‌روم",
  FAMILY,
  "🎉".repeat(128),
])("%s is an id of a user and of a room", (id) => {
  expect([checkUserId(id), checkRoomId(id)]).toEqual([undefined, undefined]);
});

test.each([
  ["", /empty/],
  ["🎉".repeat(129), /at most 128 characters/],
  ["x".repeat(129), /at most 128 characters/],
  [" ada", /white space/],
  ["ada\u3000", /white space/],
  ["a\tb", /control/],
  ["a\u0000", /control/],
  ["a\u0085b", /control/],
  ["a\u2028b", /control/],
  ["a\u202Eb", /direction/],
  ["\u200B\u2060", /visible/],
  ["Maria \uD83C", /well-formed/],
  [".", /path of a URL/],
  ["..", /path of a URL/],
  [42, /string/],
  [null, /string/],
])("%j is no id, and the reason says why: %s", (id, reason) => {
  expect(checkUserId(id)).toMatch(reason);
  expect(checkRoomId(id)).toMatch(reason);
});

test.each([
  ["Ada Lovelace", "Ada Lovelace"],
  ["  Ada  ", "Ada"],
  ["Maria 🎉".slice(0, 7), "Maria \uFFFD"],
  ["\u001B[31mAda\u0000", "[31mAda"],
  ["\u202Eada\u2066\u200F", "ada"],
  ["A\u200Bd\uFEFFa", "Ada"],
  [`${FAMILY} Ada`, `${FAMILY} Ada`],
  ["می‌روم", "می‌روم"],
  ["❤\uFE0F", "❤\uFE0F"],
  ["", "id"],
  ["  \t", "id"],
  ["\u200B\u200D\u2060\u202E", "id"],
  ["\u3164\u2800", "id"],
  [null, "id"],
  [undefined, "id"],
  [7, "id"],
])("the name %j is shown as %j", (name, shown) => {
  expect(shownName(name, "id")).toBe(shown);
});

test("a long name ends between two characters as people see them", () => {
  expect(shownName("🎉".repeat(500), "id")).toBe("🎉".repeat(128));
  expect(shownName(`${"x".repeat(125)}${FAMILY}`, "id")).toBe("x".repeat(125));
  expect(shownName(`a${"\u0301".repeat(500)}`, "id")).toBe(`a${"\u0301".repeat(127)}`);
});

test("whatever a name is, what is shown is short, visible, well-formed and the same when it is cleaned again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (name) => {
      const shown = shownName(name, "id");
      expect(Array.from(shown).length).toBeLessThanOrEqual(128);
      expect(isWellFormed(shown)).toBe(true);
      expect(shown).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u);
      expect(shownName(shown, "other")).toBe(shown);
    }),
  );
});

test.each([
  ['{"id":1,"type":"join","data":{"roomId":"a\\ud83c"}}', "data.roomId must be well-formed Unicode"],
  ['{"id":1,"type":"join","data":{"roomId":" a"}}', "data.roomId must not begin or end with white space"],
  ['{"id":1,"type":"hello","data":{"tabId":"t","user":{"id":"a\\u001b"}}}', "data.user.id must not have control"],
  ['{"id":1,"type":"setMetadata","data":{"metadata":{"a":[{"b":"\\udf89"}]}}}', "data.metadata.a.0.b must be well-"],
  [
    '{"id":1,"type":"setMetadata","data":{"metadata":{"a":{"\\udf89":1}}}}',
    "the name of a field in data.metadata.a must",
  ],
  ['{"id":1,"type":"produce","data":{"transportId":"t","kind":"audio","rtpParameters":{"mid":"\\uD83C"}}}', "data.rtp"],
  ['{"id":1,"type":"startCall","data":{"to":"a\\ud83c","kind":"audio"}}', "data.to must be well-formed"],
])("%s is refused, and the message names the field", (text, message) => {
  const decoded = decode(text);
  if (decoded.kind !== "invalid") throw new Error(decoded.kind);
  expect(decoded.error.code).toBe("bad_message");
  expect(decoded.error.message).toContain(message);
});

test("a name with half of a character, a null name and an escaped emoji are right in a hello", () => {
  for (const name of ['"Maria \\ud83c"', "null", '""', '"\\ud83c\\udf89"']) {
    expect(decode(`{"id":1,"type":"hello","data":{"tabId":"t","user":{"id":"ada","name":${name}}}}`).kind).toBe(
      "request",
    );
  }
});

test("metadata nested as deep as a frame allows is searched without an error", () => {
  const deep = `${'{"a":'.repeat(9_000)}"\\ud83c"${"}".repeat(9_000)}`;
  const decoded = decode(`{"id":1,"type":"setMetadata","data":{"metadata":${deep}}}`);
  expect(decoded.kind).toBe("invalid");
});
