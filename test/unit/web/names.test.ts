import { expect, test } from "vitest";
import { initials, isolated } from "../../../src/web/names.js";

test.each([
  ["Ada Lovelace", "AL"],
  ["ada", "A"],
  ["  Ada   King  Lovelace ", "AL"],
  ["משה כהן", "מכ"],
  ["👩‍👩‍👧‍👦 Ünal", "👩‍👩‍👧‍👦Ü"],
  ["🇩🇪 Flag", "🇩🇪F"],
  ["é combining", "ÉC"],
  ["नमस्ते", "न"],
  ["", ""],
])("the initials of “%s” are whole letters: %s", (name, letters) => {
  expect(initials(name).normalize()).toBe(letters.normalize());
});

test("a name inside a sentence is isolated, so that its direction changes nothing around it", () => {
  expect(`${isolated("משה")} joined`).toBe("\u2068משה\u2069 joined");
});
