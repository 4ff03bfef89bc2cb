import { expect, test } from "vitest";
import { arrange, tilesPerPage } from "../../../src/web/arrange.js";

test.each([
  ["a desktop", { width: 1_010, height: 640 }, 200, 20],
  ["a phone", { width: 370, height: 560 }, 150, 8],
  ["a very small window", { width: 90, height: 40 }, 0, 1],
])("sixty people on %s get tiles that are wide enough", (_name, size, least, perPage) => {
  expect(tilesPerPage(60, size)).toBe(perPage);
  expect(arrange(perPage, size).tileWidth).toBeGreaterThanOrEqual(least);
});

test("before the size is known, everybody is on one page", () => {
  expect(tilesPerPage(60, { width: 0, height: 0 })).toBe(60);
});

test("beside a shared screen on a phone, the faces are smaller, and more of them fit", () => {
  const size = { width: 374, height: 225 };
  expect(tilesPerPage(60, size, true)).toBe(4);
  expect(arrange(4, size).tileWidth).toBeGreaterThanOrEqual(150);
});
