import { expect, test } from "vitest";
import { textFrame } from "../../../src/gateway/text-frame.js";

test.each([
  ["nothing", "", [0x81, 0]],
  ["125 bytes, whose number fits into the head", "x".repeat(125), [0x81, 125]],
  ["126 bytes, whose number comes behind the head", "x".repeat(126), [0x81, 126, 0, 126]],
  ["63 characters of two bytes each", "ä".repeat(63), [0x81, 126, 0, 126]],
  ["4,000 bytes", "x".repeat(4_000), [0x81, 126, 0x0f, 0xa0]],
])("a text of %s has the head of RFC 6455 before it, as text and as bytes", (_what, text, head) => {
  const expected = Buffer.concat([Buffer.from(head), Buffer.from(text)]);
  expect(textFrame(text)).toEqual(expected);
  expect(textFrame(Buffer.from(text))).toEqual(expected);
});

test("a longer text is not copied for each socket that gets it", () => {
  expect(textFrame("x".repeat(4_001))).toBeUndefined();
  expect(textFrame(Buffer.from("ä".repeat(2_001)))).toBeUndefined();
});
