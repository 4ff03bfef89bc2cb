/** Clients in other hands: one in a single file, and one in C#. */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { CHECKS } from "../../packages/conformance/src/index.js";
import { clientCommand, runConformance } from "../support/conformance.js";

const CSHARP = fileURLToPath(new URL("../../examples/csharp/", import.meta.url));
const noDotnet = spawnSync("dotnet", ["--version"]).status === 0 ? undefined : "there is no dotnet";
const ALL_PASSED = `${CHECKS.length} of ${CHECKS.length} checks passed`;

test("a small client passes every check", async () => {
  const { output } = await runConformance("--client", clientCommand("small-client.mjs"));
  expect(output).toContain(ALL_PASSED);
});

test.skipIf(noDotnet)("the client in C# passes every check", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lastseen-csharp-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await promisify(execFile)("dotnet", ["build", "-v", "q", "-o", folder], { cwd: CSHARP });
  const { output } = await runConformance("--client", `"${join(folder, "lastseen-example")}" {url}`);
  expect(output).toContain(ALL_PASSED);
});
