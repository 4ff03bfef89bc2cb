import { Redis } from "ioredis";
import { DEFAULT_PREFIX, Keys, type KeyName } from "../../src/redis/keys.js";
import type { RedisUnderTest } from "./redis-under-test.js";

/** Reads what a Redis has spent, and what the nodes have written there. */
export class RedisMeter {
  readonly #groups: readonly (readonly Redis[])[];
  readonly #tags: readonly string[];

  constructor({ groups, tags }: RedisUnderTest) {
    this.#groups = groups.map((group) => group.map(({ port }) => new Redis(port, "127.0.0.1")));
    this.#tags = tags;
  }

  /**
   * Runs the step.
   *
   * @returns `cpu`: for each group the processor time of one master, on average: of the thread that runs the commands, microseconds
   */
  async during(step: () => Promise<unknown>): Promise<{ cpu: readonly number[]; seconds: number }> {
    const [before, begin] = [await this.#cpu(), performance.now()];
    await step();
    const seconds = (performance.now() - begin) / 1_000;
    const after = await this.#cpu();
    return { seconds, cpu: after.map((cpu, group) => cpu - (before[group] ?? 0)) };
  }

  sessions(): Promise<number> {
    return this.#count("sessions", this.#tags.length > 0 ? this.#tags : ["all"]);
  }

  leases(): Promise<number> {
    return this.#count("leases", ["all"]);
  }

  close(): void {
    for (const redis of this.#groups.flat()) redis.disconnect();
  }

  /** The masters are in the order of their tags. */
  async #count(name: KeyName, tags: readonly string[]): Promise<number> {
    const [whole = [], parts = []] = this.#groups;
    const masters = tags.includes("all") ? whole : parts;
    const counts = await Promise.all(
      masters.map((master, n) => master.hlen(new Keys(DEFAULT_PREFIX, 0, tags[n]).key(name))),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  #cpu(): Promise<number[]> {
    return Promise.all(
      this.#groups.map(async (group) => {
        const times = await Promise.all(group.map(cpuOf));
        return times.reduce((sum, time) => sum + time, 0) / group.length;
      }),
    );
  }
}

async function cpuOf(redis: Redis): Promise<number> {
  const text = await redis.info("cpu");
  const secondsOf = (mode: string): number =>
    Number(new RegExp(`used_cpu_${mode}_main_thread:([\\d.]+)`).exec(text)?.[1]);
  return (secondsOf("user") + secondsOf("sys")) * 1_000_000;
}
