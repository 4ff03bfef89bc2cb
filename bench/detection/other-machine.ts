import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findChromium } from "../../scripts/chromium.js";
import { findCommand } from "../../scripts/system-packages.js";

let made = 0;
const there = new Set<OtherMachine>();

// This also closes them when somebody interrupts the measurement.
process.once("exit", () => there.forEach((machine) => machine.close()));

/** Why there can be no other machine here; undefined when there can. */
export function noMachineReason(): string | undefined {
  if (process.getuid?.() !== 0) return "only root may make network namespaces";
  if (!findCommand("ip")) return "there is no `ip`";
  const name = `lastseen-try-${process.pid}`;
  const { status, stderr } = spawnSync("ip", ["netns", "add", name], { encoding: "utf8" });
  if (status !== 0) return stderr.trim();
  ip("netns", "del", name);
  return undefined;
}

/**
 * Another machine: a network namespace with one link to this one. When the link is down no packet passes, and neither side
 * gets an error.
 */
export class OtherMachine {
  /** Where this machine is reached from there. */
  readonly hostAddress: string;
  /** Starts the browser there. */
  readonly browserProgram: string;
  /** What to put before a command that runs there. */
  readonly prefix: readonly string[];
  readonly #name: string;
  readonly #inner: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "lastseen-bench-"));
  readonly #children: ChildProcess[] = [];
  #closed = false;

  constructor() {
    made += 1;
    const name = `lastseen-bench-${process.pid}-${made}`;
    const [outer, inner] = [`lb${process.pid % 100_000}o${made}`, `lb${process.pid % 100_000}i${made}`];
    // Of 198.18.0.0/15, which is kept for measuring networks (RFC 2544).
    const subnet = `198.18.${(process.pid + made) % 250}`;
    this.hostAddress = `${subnet}.1`;
    this.prefix = ["ip", "netns", "exec", name];
    [this.#name, this.#inner] = [name, inner];
    this.browserProgram = join(this.#folder, "chromium");
    writeFileSync(this.browserProgram, `#!/bin/sh\nexec ip netns exec ${name} '${findChromium() ?? ""}' "$@"\n`);
    chmodSync(this.browserProgram, 0o755);
    ip("netns", "add", name);
    there.add(this);
    // IPv6 addresses appear late, after a check for duplicates. Browsers would see that as a change of network.
    ip("netns", "exec", name, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
    ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name);
    ip("addr", "add", `${this.hostAddress}/24`, "dev", outer);
    ip("link", "set", outer, "up");
    ip("-n", name, "addr", "add", `${subnet}.2/24`, "dev", inner);
    ip("-n", name, "link", "set", "lo", "up");
    ip("-n", name, "link", "set", inner, "up");
  }

  pullCable(): void {
    ip("-n", this.#name, "link", "set", this.#inner, "down");
  }

  plugCable(): void {
    ip("-n", this.#name, "link", "set", this.#inner, "up");
  }

  /** Starts one of our programs there; killed with the machine. */
  run(program: string, ...args: string[]): void {
    const command = ["netns", "exec", this.#name, process.execPath, "--import", "tsx", program, ...args];
    this.#children.push(spawn("ip", command, { stdio: ["ignore", "ignore", "inherit"] }));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    there.delete(this);
    for (const child of this.#children) child.kill("SIGKILL");
    ip("netns", "del", this.#name);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr.trim()}`);
}
