import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Settings } from "../../../src/config/schema.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const doc = readFileSync(`${root}docs/logging.md`, "utf8");
const source = readdirSync(`${root}src`, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !/^(sdk|web)\b/.test(path))
  .map((path) => readFileSync(`${root}src/${path}`, "utf8"))
  .join("\n");

/** The lines that the document's tables tell about: what stands in backticks in the first column. */
const told = [...doc.matchAll(/^\| (`[^|]+?) +\|/gm)]
  .flatMap(([, cell = ""]) => [...(cell.split(" with ")[0] ?? "").matchAll(/`([^`]+)`/g)])
  .map(([, line = ""]) => line);
const LEVELS = ["fatal", "error", "warn", "info", "debug", "trace"];

test("docs/logging.md tells of lines that the service writes, in its words", () => {
  expect(told).toContain("ghost found");
  expect(told.length).toBeGreaterThan(30);
  const loops = ["watch failed", "sweep failed"];
  const unwritten = told.filter(
    (line) => !LEVELS.includes(line) && !loops.includes(line) && !source.includes(`"${line}"`),
  );
  expect(unwritten).toEqual([]);
  for (const loop of loops) expect(source).toContain(`onError("${loop.split(" ")[0]}", error)`);
});

test("docs/logging.md has the levels of the configuration", () => {
  expect(told.slice(0, LEVELS.length)).toEqual(LEVELS);
  expect([...LEVELS, "silent"]).toEqual(Settings.properties.LOG_LEVEL.enum);
});
