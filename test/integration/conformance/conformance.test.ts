import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CHECKS } from "../../../packages/conformance/src/index.js";
import { clientCommand, runConformance } from "../../support/conformance.js";

test("the SDK passes every check", async () => {
  const { code, output } = await runConformance("--client", clientCommand("sdk-client.mjs"));
  expect(output).toContain(`${CHECKS.length} of ${CHECKS.length} checks passed`);
  expect(code).toBe(0);
});

test("the README tells the number of checks", () => {
  const readme = readFileSync(new URL("../../../packages/conformance/README.md", import.meta.url), "utf8");
  expect(readme).toContain(`${CHECKS.length - 1} of ${CHECKS.length} checks passed`);
});

const BROKEN = [
  "heartbeat",
  "probe",
  "socket ping",
  "resume",
  "session gone",
  "kicked",
  "roster of an event",
  "redirect",
  "handed over",
];

test.concurrent.each(BROKEN)("a client that does wrong what the check “%s” asks fails it", async (check) => {
  const folder = mkdtempSync(join(tmpdir(), "lastseen-conformance-"));
  const report = join(folder, "junit.xml");
  const client = clientCommand("small-client.mjs", check);
  const { code, output } = await runConformance("--client", client, "--only", check, "--junit", report);
  expect(output).toMatch(new RegExp(`^FAILED {2}${check}: `, "m"));
  expect(code).toBe(1);
  const xml = readFileSync(report, "utf8");
  rmSync(folder, { recursive: true });
  expect(xml).toContain('tests="1" failures="1"');
  expect(xml).toMatch(new RegExp(`<testcase [^>]*name="${check}"[^>]*>\\s*<failure message="[^"]*[Cc]lient `));
});

test("a program that does nothing fails, and the report shows what it wrote", async () => {
  const { code, output } = await runConformance(
    "--client",
    "echo cannot start",
    "--only",
    "hello",
    "--patience",
    "0.3",
  );
  expect(code).toBe(1);
  expect(output).toContain("The client should connect within");
  expect(output).toContain("| cannot start");
});

test.each([
  [[], /--client is missing/],
  [["--client", "x", "--only", "nothing"], /--only: there is no check "nothing"/],
  [["--client", "x", "--parallel", "none"], /--parallel must be a number above 0; it is "none"/],
] as const)("a wrong argument is told: %j", async (args, message) => {
  const { code, output } = await runConformance(...args);
  expect(code).toBe(2);
  expect(output).toMatch(message);
});
