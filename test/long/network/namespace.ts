import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { CHROMIUM_ARGS, chromiumProblem, findChromium, UNLIKE_PEOPLE } from "../../../scripts/chromium.js";
import { findCommand } from "../../../scripts/system-packages.js";
import { noMediaReason } from "../../support/media-worker.js";

const browserPath = findChromium() ?? "";
const QUIET_CLIENT = fileURLToPath(new URL("quiet-client.ts", import.meta.url));

/** Why these tests cannot make a network namespace here; undefined when they can. */
export const noNetworkReason: string | undefined = whyNot();

function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return "only root may make network namespaces";
  if (!findCommand("ip")) return "there is no `ip`: install iproute2";
  const name = `lastseen-try-${process.pid}`;
  const { status, stderr } = spawnSync("ip", ["netns", "add", name], { encoding: "utf8" });
  if (status !== 0) return `no network namespaces here: ${stderr.trim()}`;
  spawnSync("ip", ["netns", "del", name]);
  const problem = browserPath === "" ? "there is no Chromium" : chromiumProblem(browserPath);
  return problem ?? noMediaReason;
}

let made = 0;

/**
 * Another machine: a network namespace with one link to this machine. When the link is down no packet passes and neither end
 * learns it. To the service its sockets stay open and fall silent, as when a cable is pulled.
 */
export class OtherMachine {
  /** The address of this machine as the other machine sees it. */
  readonly hostAddress: string;
  readonly #name: string;
  readonly #link: string;

  private constructor(name: string, link: string, subnet: string) {
    this.#name = name;
    this.#link = link;
    this.hostAddress = `${subnet}.1`;
  }

  /** Creates the namespace and removes it with the test. */
  static create(): OtherMachine {
    const tag = `${process.pid % 100_000}${made++}`;
    const [name, outer, inner] = [`lastseen-${tag}`, `ls${tag}o`, `ls${tag}i`];
    // An address of 198.18.0.0/15, which is reserved for network tests (RFC 2544).
    const subnet = `198.18.${(process.pid + made) % 250}`;
    const machine = new OtherMachine(name, inner, subnet);
    ip("netns", "add", name);
    // Open sockets keep a deleted namespace and its link for minutes, so the link is deleted itself.
    onTestFinished(() => {
      ip("link", "del", outer);
      ip("netns", "del", name);
    });
    // With duplicate detection an address comes up later, and browsers would take that for a change of network.
    ip("netns", "exec", name, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
    ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name);
    ip("addr", "add", `${subnet}.1/24`, "dev", outer);
    ip("link", "set", outer, "up");
    ip("-n", name, "addr", "add", `${subnet}.2/24`, "dev", inner);
    ip("-n", name, "link", "set", "lo", "up");
    machine.plugIn();
    return machine;
  }

  pullCable(): void {
    ip("-n", this.#name, "link", "set", this.#link, "down");
  }

  /** Brings the link up with another address. The open connections do not belong to this address. */
  plugInElsewhere(): void {
    ip("-n", this.#name, "addr", "flush", "dev", this.#link);
    ip("-n", this.#name, "addr", "add", `${this.hostAddress.replace(/\.1$/, ".3")}/24`, "dev", this.#link);
    this.plugIn();
  }

  plugIn(): void {
    ip("-n", this.#name, "link", "set", this.#link, "up");
  }

  /** Opens a page in a Chromium on the other machine, with a fake camera and microphone. */
  async openPage(url: string): Promise<{ browser: Browser; page: Page }> {
    const folder = mkdtempSync(join(tmpdir(), "lastseen-netns-"));
    const program = join(folder, "chromium");
    writeFileSync(program, `#!/bin/sh\nexec ip netns exec ${this.#name} '${browserPath}' "$@"\n`);
    chmodSync(program, 0o755);
    const browser = await chromium.launch({
      executablePath: program,
      args: [
        ...CHROMIUM_ARGS.filter((arg) => arg !== "--headless"),
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        // Browsers give cameras to secure pages only. Without HTTPS a page of another machine is not secure.
        `--unsafely-treat-insecure-origin-as-secure=${new URL(url).origin}`,
      ],
      ignoreDefaultArgs: [...UNLIKE_PEOPLE],
    });
    onTestFinished(async () => {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    });
    const page = await browser.newPage();
    await page.goto(url);
    return { browser, page };
  }

  /** Starts a client on the other machine that joins, pings every 30 s as the service asks, and sends no media. */
  startQuietClient(ws: string, userId: string, roomId: string): ChildProcess {
    const program = [process.execPath, "--import", "tsx", QUIET_CLIENT, ws, userId, roomId];
    const child = spawn("ip", ["netns", "exec", this.#name, ...program], { stdio: ["ignore", "ignore", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child;
  }
}

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr.trim()}`);
}
