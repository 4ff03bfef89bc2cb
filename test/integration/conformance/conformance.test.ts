import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { CHECKS } from "../../../packages/conformance/src/index.js";

const CLI = fileURLToPath(new URL("../../../packages/conformance/dist/cli.js", import.meta.url));
const program = (name: string, ...rest: string[]): string => {
  const quoted = rest.map((word) => `"${word}"`).join(" ");
  return `node "${fileURLToPath(new URL(name, import.meta.url))}" "{url}" ${quoted}`;
};
/** The machine may be busy with other tests. */
const PATIENCE = ["--patience", "3", "--parallel", "6"];

function run(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args, ...PATIENCE], (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}

describe("a right client passes every check", () => {
  test.concurrent.each(["sdk-client.mjs", "small-client.mjs"])("%s", async (name) => {
    const { code, output } = await run("--client", program(name));
    expect(output).toContain(`${CHECKS.length} of ${CHECKS.length} checks passed`);
    expect(code).toBe(0);
  });
});

const BROKEN = ["heartbeat", "probe", "socket ping", "resume", "session gone", "kicked", "roster of an event"];

test.concurrent.each(BROKEN)("a client that does wrong what the check “%s” asks fails it", async (check) => {
  const folder = mkdtempSync(join(tmpdir(), "lastseen-conformance-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const report = join(folder, "junit.xml");
  const { code, output } = await run(
    "--client",
    program("small-client.mjs", check),
    "--only",
    check,
    "--junit",
    report,
  );
  expect(output).toMatch(new RegExp(`^FAILED {2}${check}: `, "m"));
  expect(code).toBe(1);
  const xml = readFileSync(report, "utf8");
  expect(xml).toContain('tests="1" failures="1"');
  expect(xml).toMatch(new RegExp(`<testcase [^>]*name="${check}"[^>]*>\\s*<failure message="[^"]*[Cc]lient `));
});

test("a program that does nothing fails, and the report shows what it wrote", async () => {
  const { code, output } = await run("--client", "echo cannot start", "--only", "hello");
  expect(code).toBe(1);
  expect(output).toContain("The client should connect within");
  expect(output).toContain("| cannot start");
});

test.each([
  [[], /--client is missing/],
  [["--client", "x", "--only", "nothing"], /--only: there is no check "nothing"/],
  [["--client", "x", "--parallel", "none"], /--parallel must be a number above 0; it is "none"/],
] as const)("a wrong argument is told: %j", async (args, message) => {
  const { code, output } = await run(...args);
  expect(code).toBe(2);
  expect(output).toMatch(message);
});
