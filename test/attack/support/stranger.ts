import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { ServiceProcess } from "../../support/service-process.js";

const PROCESS = fileURLToPath(new URL("stranger-process.ts", import.meta.url));

/** How long pongs took, milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

/** Somebody who has nothing to do with the attack and must not feel it. */
export class Stranger {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  static async start(service: ServiceProcess): Promise<Stranger> {
    const child = fork(PROCESS, [service.ws], { execArgv: ["--import", "tsx"] });
    onTestFinished(() => {
      child.kill();
    });
    await once(child, "message");
    return new Stranger(child);
  }

  /** How long the stranger's pongs take while nobody attacks. */
  quiet(forMs = 1_000): Promise<Latency> {
    return this.during(() => delay(forMs));
  }

  /** How long the stranger's pongs take while something happens. Fails when the service has closed the stranger's socket. */
  async during(action: () => Promise<unknown>): Promise<Latency> {
    this.#process.send("begin");
    await action();
    if (!this.#process.connected) throw new Error("the stranger lost its connection");
    this.#process.send("end");
    const [latencies] = (await once(this.#process, "message")) as [number[]];
    const sorted = latencies.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? sorted.at(-1) ?? Infinity;
    return { p50: at(0.5), p99: at(0.99), worst: at(1) };
  }
}
