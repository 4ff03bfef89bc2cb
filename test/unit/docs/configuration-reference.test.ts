import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { TARGET, configurationReference } from "../../../scripts/configuration-reference.js";
import { Settings } from "../../../src/config/schema.js";

test("docs/configuration.md says what the schema and the defaults say (`npm run docs` writes it)", async () => {
  expect(readFileSync(TARGET, "utf8")).toBe(await configurationReference());
});

test("docs/configuration.md has every setting once", () => {
  const named = [...readFileSync(TARGET, "utf8").matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name = ""]) => name);
  expect(named.toSorted()).toEqual(Object.keys(Settings.properties).toSorted());
});
