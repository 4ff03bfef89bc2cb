import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findChromium } from "../../scripts/chromium.js";
import { findCommand } from "../../scripts/system-packages.js";

/** Of 198.18.0.0/15, which is kept for measuring networks (RFC 2544). */
const SUBNET = `198.18.${process.pid % 250}`;
const NAME = `lastseen-bench-${process.pid}`;
const [OUTER, INNER] = [`lb${process.pid}o`, `lb${process.pid}i`];

/** Why there can be no other machine here; undefined when there can. */
export function noMachineReason(): string | undefined {
  if (process.getuid?.() !== 0) return "only root may make network namespaces";
  if (!findCommand("ip")) return "there is no `ip`";
  const { status, stderr } = spawnSync("ip", ["netns", "add", NAME], { encoding: "utf8" });
  if (status !== 0) return stderr.trim();
  ip("netns", "del", NAME);
  return undefined;
}

/**
 * Another machine: a network namespace with one link to this one. When the link is down no packet passes, and neither side
 * gets an error.
 */
export class OtherMachine {
  /** Where this machine is reached from there. */
  readonly hostAddress = `${SUBNET}.1`;
  /** Starts the browser there. */
  readonly browserProgram: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "lastseen-bench-"));
  readonly #children: ChildProcess[] = [];
  #closed = false;

  constructor() {
    this.browserProgram = join(this.#folder, "chromium");
    writeFileSync(this.browserProgram, `#!/bin/sh\nexec ip netns exec ${NAME} '${findChromium() ?? ""}' "$@"\n`);
    chmodSync(this.browserProgram, 0o755);
    ip("netns", "add", NAME);
    // This also closes it when somebody interrupts the measurement.
    process.once("exit", () => this.close());
    // IPv6 addresses appear late, after a check for duplicates. Browsers would see that as a change of network.
    ip("netns", "exec", NAME, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
    ip("link", "add", OUTER, "type", "veth", "peer", "name", INNER, "netns", NAME);
    ip("addr", "add", `${this.hostAddress}/24`, "dev", OUTER);
    ip("link", "set", OUTER, "up");
    ip("-n", NAME, "addr", "add", `${SUBNET}.2/24`, "dev", INNER);
    ip("-n", NAME, "link", "set", "lo", "up");
    ip("-n", NAME, "link", "set", INNER, "up");
  }

  pullCable(): void {
    ip("-n", NAME, "link", "set", INNER, "down");
  }

  /** Starts one of our programs there; killed with the machine. */
  run(program: string, ...args: string[]): void {
    const command = ["netns", "exec", NAME, process.execPath, "--import", "tsx", program, ...args];
    this.#children.push(spawn("ip", command, { stdio: ["ignore", "ignore", "inherit"] }));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const child of this.#children) child.kill("SIGKILL");
    ip("netns", "del", NAME);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr.trim()}`);
}
