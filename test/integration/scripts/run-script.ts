import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { findPowershell } from "../../../scripts/powershell.js";

/** Runs the scripts that people type, as they would. */

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export const checkout = fileURLToPath(new URL("../../../", import.meta.url));

/** Runs the .ps1 files; see scripts/powershell.ts. */
export const powershell = findPowershell();

/** Why tests of the .ps1 files skip. */
export const NO_POWERSHELL =
  "there is no PowerShell here: npm test installs one where it finds the .NET SDK, and PWSH may name one";

/** PowerShell's arguments before those of the script. */
export function powershellFile(script: string): string[] {
  return ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File", `${checkout}${script}`];
}

export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: checkout, env, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
