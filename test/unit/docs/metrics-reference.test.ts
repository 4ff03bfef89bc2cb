import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { TARGET, metricsReference } from "../../../scripts/metrics-reference.js";

test("docs/metrics.md says what a scrape says (`npm run docs` writes it)", async () => {
  expect(readFileSync(TARGET, "utf8")).toBe(await metricsReference());
});
