import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { findCommand } from "../../../scripts/system-packages.js";

/** Runs the scripts that people type, as they would. */

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export const checkout = fileURLToPath(new URL("../../../", import.meta.url));

/** The PowerShell that `PWSH` names, PowerShell 7, or Windows PowerShell 5.1 where this runs on Windows. */
export const powershell = process.env["PWSH"] || (findCommand("pwsh") ?? findCommand("powershell.exe"));

/** Why tests of the .ps1 files skip. */
export const NO_POWERSHELL = "there is no pwsh here to run the .ps1 files with (PWSH may name one)";

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
