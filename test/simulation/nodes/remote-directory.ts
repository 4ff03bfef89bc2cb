import type { Clock } from "../../../src/kernel/clock.js";
import { MemoryDirectory } from "../../../src/memory/memory-directory.js";
import type { MemoryStore } from "../../../src/memory/memory-store.js";
import type { Directory } from "../../../src/ports/directory.js";
import type { Random } from "../../support/random.js";

/** How a node reaches the store. `lossy`: some commands or their answers are lost. */
export type Way = "good" | "lossy" | "away";

const METHODS =
  "register renew resign newEpoch claimRoom reclaimRoom releaseRoom findRoom putSession removeSession findSession findSessions takeOver handOver own".split(
    " ",
  );
const TIME_LIMIT_MS = 1_000;

/** The memory store behind a network. Each command takes time in both directions, and the command or its answer may be lost. */
export class RemoteDirectory extends MemoryDirectory {
  way: Way = "good";
  readonly #time: Clock;
  readonly #random: Random;

  constructor(store: MemoryStore, nodeId: string, time: Clock, random: Random) {
    super(store, nodeId);
    this.#time = time;
    this.#random = random;
    for (const name of METHODS) this.#putBehindNetwork(name as keyof Directory);
  }

  #putBehindNetwork(name: keyof Directory): void {
    const method = (this[name] as (...args: unknown[]) => Promise<unknown>).bind(this);
    const remote = async (...args: unknown[]): Promise<unknown> => {
      const { way } = this;
      const lostOnTheWay = way === "away" || (way === "lossy" && this.#random.below(10) === 0);
      if (lostOnTheWay) return this.#timeOut();
      await this.#pass(1 + this.#random.below(20));
      const answer = await method(...args);
      if (this.way === "away" || (way === "lossy" && this.#random.below(10) === 0)) return this.#timeOut();
      await this.#pass(1 + this.#random.below(20));
      return answer;
    };
    Object.defineProperty(this, name, { value: remote });
  }

  async #timeOut(): Promise<never> {
    await this.#pass(TIME_LIMIT_MS);
    throw new Error("the store did not answer");
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#time.after(ms, resolve);
    });
  }
}
