/** Runs the built `lastseen-conformance` on a client. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../../packages/conformance/dist/cli.js", import.meta.url));
const CLIENTS = new URL("../integration/conformance/", import.meta.url);
/** The machine may be busy with other tests. A later argument of the same name counts. */
const PATIENT = ["--patience", "3", "--parallel", "6"];

/** The command for a client of `test/integration/conformance`, with further arguments for it. */
export function clientCommand(name: string, ...rest: readonly string[]): string {
  const quoted = rest.map((word) => `"${word}"`).join(" ");
  return `node "${fileURLToPath(new URL(name, CLIENTS))}" "{url}" ${quoted}`;
}

/** @returns its exit code, and all that it printed */
export function runConformance(...args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...PATIENT, ...args], (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}
