import { Redis } from "ioredis";
import { DEFAULT_PREFIX, Keys } from "../../src/redis/keys.js";

/** Reads what a Redis has spent, and what the nodes have written there. */
export class RedisMeter {
  readonly #redis: Redis;
  readonly #keys = new Keys(DEFAULT_PREFIX, 0);

  constructor(port: number) {
    this.#redis = new Redis(port, "127.0.0.1");
  }

  /**
   * Runs the step.
   *
   * @returns `cpu`: the processor time of the thread that runs the commands, microseconds
   */
  async during(step: () => Promise<unknown>): Promise<{ cpu: number; seconds: number }> {
    const [before, begin] = [await this.#cpu(), performance.now()];
    await step();
    const seconds = (performance.now() - begin) / 1_000;
    return { seconds, cpu: (await this.#cpu()) - before };
  }

  sessions(): Promise<number> {
    return this.#redis.hlen(this.#keys.key("sessions"));
  }

  leases(): Promise<number> {
    return this.#redis.hlen(this.#keys.key("leases"));
  }

  close(): void {
    this.#redis.disconnect();
  }

  async #cpu(): Promise<number> {
    const text = await this.#redis.info("cpu");
    const secondsOf = (mode: string): number =>
      Number(new RegExp(`used_cpu_${mode}_main_thread:([\\d.]+)`).exec(text)?.[1]);
    return (secondsOf("user") + secondsOf("sys")) * 1_000_000;
  }
}
