import type { StoreCheck } from "../ports/store-check.js";

/** Looks for lost keys in all shards. The keys of all shards have the same names. */
export class ShardedStoreCheck implements StoreCheck {
  readonly #checks: readonly StoreCheck[];
  /** What was found and not told yet, because another shard did not answer. */
  readonly #lost = new Set<string>();

  constructor(checks: readonly StoreCheck[]) {
    this.#checks = checks;
  }

  async run(): Promise<readonly string[]> {
    const looks = this.#checks.map(async (check) => {
      for (const name of await check.run()) this.#lost.add(name);
    });
    await Promise.allSettled(looks);
    await Promise.all(looks);
    const found = [...this.#lost].toSorted();
    this.#lost.clear();
    return found;
  }
}
