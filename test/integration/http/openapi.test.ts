import { readFileSync } from "node:fs";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { expect, test } from "vitest";
import { openApiDocument, TARGET } from "../../../scripts/api-documents.js";

async function findings(source: string): Promise<string[]> {
  const config = await createConfig({ extends: ["recommended-strict"] });
  const problems = await lintFromString({ source, absoluteRef: TARGET, config });
  return problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`);
}

test("the OpenAPI document says what the routes say (`npm run docs` writes it)", async () => {
  expect(readFileSync(TARGET, "utf8")).toBe(await openApiDocument());
});

test("Redocly's linter finds nothing in it, and would find a fault", async () => {
  const source = readFileSync(TARGET, "utf8");
  expect(await findings(source)).toEqual([]);
  const wrong = source.replace('"operationId": "getRoom"', '"operationId": "listRooms"');
  expect(wrong).not.toBe(source);
  expect((await findings(wrong)).join()).toContain("operation-operationId-unique");
});
