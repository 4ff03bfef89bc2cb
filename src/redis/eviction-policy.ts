import type { Clock } from "../kernel/clock.js";
import { Loop } from "../kernel/loop.js";

/** How often the policy is read. Somebody can change it while Redis runs. */
const READ_EVERY_MS = 30_000;
const HARMLESS = "noeviction";

/**
 * Which keys Redis deletes when its memory is full. With every policy but `noeviction` it deletes keys without telling
 * anybody, and a key of this service holds the entries of all nodes.
 */
export class EvictionPolicy {
  readonly #read: () => Promise<readonly string[]>;
  readonly #found: (policy: string) => void;
  readonly #loop: Loop;
  #harmful: string | undefined;

  /** @param parts `read`: what `INFO memory` says on each master. `found`: called once for each harmful policy */
  constructor(parts: { clock: Clock; read: () => Promise<readonly string[]>; found: (policy: string) => void }) {
    this.#read = parts.read;
    this.#found = parts.found;
    this.#loop = new Loop({
      clock: parts.clock,
      intervalMs: READ_EVERY_MS,
      task: () => this.read(),
      // Redis does not answer, or this user may not ask. What was read last still counts.
      onError: () => undefined,
    });
    this.#loop.start();
  }

  /** The policy that deletes keys; undefined when no policy does, as far as this node knows. */
  get harmful(): string | undefined {
    return this.#harmful;
  }

  async read(): Promise<void> {
    const policies = (await this.#read()).map((info) => /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? HARMLESS);
    const harmful = policies.find((policy) => policy !== HARMLESS);
    const isNew = harmful !== undefined && harmful !== this.#harmful;
    this.#harmful = harmful;
    if (isNew) this.#found(harmful);
  }

  close(): Promise<void> {
    return this.#loop.close();
  }
}
