import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { TARGET, evidenceReference } from "../../../scripts/evidence-reference.js";

test("docs/detection.md lists the evidence and the causes that the code has (`npm run docs` writes them)", async () => {
  expect(readFileSync(TARGET, "utf8")).toBe(await evidenceReference());
});
