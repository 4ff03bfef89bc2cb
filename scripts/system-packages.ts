import { spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * System programs and headers that npm does not bring: is it there, else install it with apt-get when that is allowed
 * (root on Debian or Ubuntu), else tell the exact command to type.
 */

export interface SystemNeed {
  /** As it is called in messages. */
  name: string;
  /** Debian packages that bring it. */
  packages: readonly string[];
  present: () => boolean;
}

export interface Shortfall {
  missing: SystemNeed[];
  /** Why it is still missing and what to type, ready to be printed. */
  advice: string;
}

type Say = (line: string) => void;

/** Path of a command on `PATH`, or undefined. */
export function findCommand(name: string, path = process.env["PATH"] ?? ""): string | undefined {
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      if (statSync(candidate).isFile()) return candidate;
    } catch {
      // Not here: the next folder may have it.
    }
  }
  return undefined;
}

/** A need for a command on `PATH`. */
export function command(name: string, ...packages: string[]): SystemNeed {
  return { name, packages, present: () => findCommand(name) !== undefined };
}

/** Installs what is missing if it may. Returns undefined when everything is there in the end. */
export function ensureInstalled(needs: readonly SystemNeed[], say: Say): Shortfall | undefined {
  const missing = stillMissing(needs);
  if (missing.length === 0) return undefined;
  const packages = packagesOf(missing);
  if (!findCommand("apt-get")) {
    const advice = `install ${namesOf(missing)} with your system's package manager (Debian calls it: ${packages.join(" ")})`;
    return { missing, advice };
  }
  if (process.getuid?.() !== 0) {
    const advice = `type: sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(" ")}`;
    return { missing, advice };
  }
  say(`installing with apt-get: ${packages.join(" ")} (for ${namesOf(missing)})`);
  const startedAt = performance.now();
  // Lists that one source could not refresh do not keep the packages of the others from being installed.
  const update = aptGet("update", "-qq");
  let install = aptInstall(packages);
  // A package that this distribution does not have must not take the others down with it.
  if (!install.ok && packages.length > 1)
    install = packages.map((name) => aptInstall([name])).find((one) => !one.ok) ?? install;
  const left = stillMissing(missing);
  if (left.length === 0) {
    say(`installed in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
    return undefined;
  }
  const log = `${update.ok ? "" : update.log}${install.log}`.trim().split("\n").slice(-8).join("\n  ");
  return { missing: left, advice: `apt-get did not bring ${namesOf(left)}:\n  ${log}` };
}

export function namesOf(needs: readonly SystemNeed[]): string {
  return needs.map((need) => need.name).join(", ");
}

function stillMissing(needs: readonly SystemNeed[]): SystemNeed[] {
  return needs.filter((need) => !need.present());
}

function packagesOf(needs: readonly SystemNeed[]): string[] {
  return [...new Set(needs.flatMap((need) => need.packages))];
}

function aptInstall(packages: readonly string[]): { ok: boolean; log: string } {
  return aptGet("install", "-y", "-qq", "--no-install-recommends", ...packages);
}

function aptGet(...args: string[]): { ok: boolean; log: string } {
  // Waits for another apt-get that runs just now, for at most five minutes, instead of failing.
  const { status, stdout, stderr } = spawnSync("apt-get", ["-o", "DPkg::Lock::Timeout=300", ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { ok: status === 0, log: `${stdout}${stderr}` };
}
