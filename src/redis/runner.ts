import type { Keys } from "./keys.js";
import type { RedisLink } from "./link.js";
import type { Script } from "./script.js";

/** Runs scripts in Redis; see {@link RedisLink}. */
export interface Runner {
  run(script: Script, args: readonly (string | number)[]): Promise<unknown>;
  /** A caller has proof that Redis has just accepted a write. */
  wrote(): void;
}

/** Runs scripts on the keys of one shard. That this shard accepts a write proves nothing about the others. */
export class ShardRunner implements Runner {
  readonly #link: RedisLink;
  readonly #keys: Keys;

  constructor(link: RedisLink, keys: Keys) {
    this.#link = link;
    this.#keys = keys;
  }

  run(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    return this.#link.run(script, args, this.#keys);
  }

  wrote(): void {}
}
