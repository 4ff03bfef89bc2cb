import { setTimeout as pause } from "node:timers/promises";
import { DIALECTS, type Kind } from "../client/dialects.js";
import type { Programs } from "../compile.js";
import { LoadGenerator } from "../harness/load-generator.js";
import { ServerUnderTest } from "../harness/server-under-test.js";

/**
 * Number of clients that connect before the first of them says hello. Real clients say hello at once. With a long wait
 * the server would keep data for that time, V8 would move it to the old generation, and its end would leave gaps in memory.
 */
export const AT_ONCE = 250;

/** How long a server is watched that has nothing to do. */
const IDLE_MS = 3_000;

/** One step of coming in, for one client. */
export interface StepCost {
  /** CPU of the server, microseconds. */
  cpu: number;
  /** Milliseconds that passed. */
  ms: number;
}

/** A server and its clients. */
export class Subject {
  readonly server: ServerUnderTest;
  readonly load: LoadGenerator;
  readonly #greetingSteps: number;

  private constructor(server: ServerUnderTest, load: LoadGenerator, kind: Kind) {
    this.server = server;
    this.load = load;
    this.#greetingSteps = DIALECTS[kind].greeting.length;
  }

  /** @param options further options of `node` for the server */
  static async start(kind: Kind, programs: Programs, options: readonly string[] = []): Promise<Subject> {
    const server = await ServerUnderTest.start(kind, programs, options);
    return new Subject(server, new LoadGenerator(programs, kind, server.port), kind);
  }

  /** Opens connections and greets on each. Returns what each step took of the server. */
  async join(count: number): Promise<StepCost[]> {
    const costs = Array.from({ length: 1 + this.#greetingSteps }, () => ({ cpu: 0, ms: 0 }));
    for (let joined = 0; joined < count; joined += AT_ONCE) {
      const steps = [() => this.load.connect(Math.min(AT_ONCE, count - joined))];
      for (let step = 0; step < this.#greetingSteps; step += 1) steps.push(() => this.load.greet(step));
      for (const [index, step] of steps.entries()) {
        const startedAt = performance.now();
        const cpu = await this.cpuOf(step);
        const cost = costs[index];
        if (!cost) continue;
        cost.cpu += cpu / count;
        cost.ms += (performance.now() - startedAt) / count;
      }
    }
    return costs;
  }

  /** What the server uses while nobody comes: its heartbeats, for example. CPU microseconds in a millisecond. */
  async idleRate(): Promise<number> {
    return (await this.cpuOf(() => pause(IDLE_MS))) / IDLE_MS;
  }

  /** CPU time of the server while `work` is done, in microseconds. */
  async cpuOf(work: () => Promise<unknown>): Promise<number> {
    const before = await this.server.cpu();
    await work();
    return (await this.server.cpu()) - before;
  }

  async stop(): Promise<void> {
    await this.load.stop();
    await this.server.stop();
  }
}
