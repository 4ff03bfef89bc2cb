/**
 * `npm test`: provides what the tests need, builds, and runs everything but the long tests. The simulation only computes,
 * and the other tests mostly wait. So the simulation runs beside them, with a lower priority, in the time that they leave.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const VITEST = join("node_modules", "vitest", "vitest.mjs");
const TALLY = "./test/support/tally-reporter.ts";
/** Low enough to leave the time to the others, high enough to go on on a busy machine. */
const LOW_PRIORITY = ["nice", "-n", "10"];
/** For example `-t "some title"`. */
const further = process.argv.slice(2);
const running = new Set<ChildProcess>();

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    for (const child of running) child.kill(signal);
    process.exitCode = 1;
  });
}

/** Runs a program to its end. With `quiet`, what it prints comes at its end in one piece. @returns whether it succeeded */
function run(command: readonly string[], quiet = false): Promise<boolean> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", quiet ? "pipe" : "inherit", "inherit"] });
  running.add(child);
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (said += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      running.delete(child);
      process.stdout.write(said);
      resolve(code === 0);
    });
  });
}

/**
 * A run of vitest that leaves its results in the folder, under its name.
 *
 * @param retry how many more attempts a test gets that fails
 */
function vitest(folder: string, name: string, projects: readonly string[], retry: number): string[] {
  const reporters = ["--reporter=default", "--reporter=blob", `--outputFile.blob=${join(folder, `${name}.json`)}`];
  const chosen = projects.map((project) => `--project=${project}`);
  return [
    process.execPath,
    VITEST,
    "run",
    ...chosen,
    ...reporters,
    `--retry=${retry}`,
    "--passWithNoTests",
    ...further,
  ];
}

async function runAll(folder: string): Promise<boolean> {
  const simulation = vitest(folder, "simulation", ["simulation"], 0);
  const simulated = run(process.platform === "win32" ? simulation : [...LOW_PRIORITY, ...simulation], true);
  const tsx = ["--import", "tsx"];
  const prepared =
    (await run([process.execPath, ...tsx, "scripts/test-environment.ts"])) &&
    (await run([process.execPath, ...tsx, "scripts/build.ts"]));
  if (!prepared) {
    for (const child of running) child.kill();
    await simulated;
    return false;
  }
  const tested = await run(vitest(folder, "others", ["unit", "integration", "fuzz", "e2e"], 1));
  // They take every connection that a service allows, so they run when the other tests have ended.
  const withstood = await run(vitest(folder, "attack", ["attack"], 1));
  const held = await simulated;
  // The last lines are about both: what was skipped and why, and how many tests passed.
  const counted = await run([process.execPath, VITEST, `--merge-reports=${folder}`, `--reporter=${TALLY}`]);
  return tested && withstood && held && counted;
}

const folder = mkdtempSync(join(tmpdir(), "lastseen-tests-"));
try {
  if (!(await runAll(folder))) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
