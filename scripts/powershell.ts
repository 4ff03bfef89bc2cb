import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot } from "../src/media/workers/worker-binary.js";
import { findCommand } from "./system-packages.js";

/**
 * The PowerShell that the tests run the .ps1 files with. Where a machine has none but has the .NET SDK, `npm test` installs
 * one into the cache of this project, outside the checkout.
 */

type Say = (line: string) => void;

/** Runs on .NET 10. */
const VERSION = "7.6.9";
const INSTALL_TIMEOUT_MS = 300_000;

/** The PowerShell that `PWSH` names, PowerShell 7, the one in the cache, or Windows PowerShell 5.1 where this runs on Windows. */
export function findPowershell(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return env["PWSH"] || (findCommand("pwsh") ?? findCommand("pwsh", cacheFolder(env)) ?? findCommand("powershell.exe"));
}

/** @returns why there is no PowerShell, or undefined when there is one */
export function providePowershell(say: Say, env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (findPowershell(env)) return undefined;
  const dotnet = findCommand("dotnet");
  if (!dotnet) return "install PowerShell 7, or the .NET SDK, with which npm test installs it";
  const folder = cacheFolder(env);
  say(`installing PowerShell ${VERSION} into ${folder}`);
  // What an interrupted installation left would stop this one.
  rmSync(folder, { recursive: true, force: true });
  const args = ["tool", "install", "--tool-path", folder, "PowerShell", "--version", VERSION];
  const { status, stdout, stderr, error } = spawnSync(dotnet, args, { encoding: "utf8", timeout: INSTALL_TIMEOUT_MS });
  if (status === 0) return undefined;
  const log = `${stdout ?? ""}${stderr ?? ""}`.trim().split("\n").slice(-4).join("\n  ");
  return `dotnet ${args.join(" ")} failed: ${error?.message ?? log}`;
}

function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(cacheRoot(env), "powershell", VERSION);
}
