import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { TARGET, protocolReference } from "../../../scripts/protocol-reference.js";

test("docs/protocol.md says what the code says (`npm run docs` writes it)", async () => {
  expect(readFileSync(TARGET, "utf8")).toBe(await protocolReference());
});
