import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { NameHeld, NameHolder, NodeName } from "../ports/node-name.js";
import { LEASE_MS } from "../ports/directory.js";
import type { ClusterEvents } from "./events.js";
import type { Unfit } from "./unfit.js";

/** A process that is alive holds its name again within this time, also when the store has just come back. */
const SURELY_HELD_AGAIN_MS = 3_000;

/**
 * Holds this node's name. A process that died has left the name behind; a process that is alive holds it again and again. So this
 * process watches the other one, and takes the name when the other one does not hold it again and its time is over:
 *
 *     free ---------------------------------> held --another process has held it since--> unfit
 *     taken --watched, and its time is over---^
 *       `---the other process holds it again----------------------------------------------> unfit
 */
export class NameWatch {
  readonly #clock: Clock;
  readonly #name: NodeName;
  readonly #events: Emitter<ClusterEvents>;
  /** The format in which this process writes; undefined until it has held the name. */
  #format: number | undefined;
  #watched: { holder: NameHolder; since: number } | undefined;

  constructor(clock: Clock, name: NodeName, events: Emitter<ClusterEvents>) {
    this.#clock = clock;
    this.#name = name;
    this.#events = events;
  }

  /** @returns `waiting`: to be called again soon. Rejects when the store does not answer. */
  async hold(): Promise<"held" | "waiting" | Unfit> {
    try {
      return await this.#hold();
    } catch (error) {
      // The other process could not reach the store either.
      this.#watched = undefined;
      throw error;
    }
  }

  /** Gives the name back. */
  release(): Promise<void> {
    return this.#name.release();
  }

  async #hold(): Promise<"held" | "waiting" | Unfit> {
    const outcome = await this.#name.hold();
    if (outcome.kind === "unreadable") return outcome;
    if (outcome.kind === "held") return this.#held(outcome);
    const { by } = outcome;
    if (this.#isDead(by)) {
      const retaken = await this.#name.hold(by);
      return retaken.kind === "held" ? this.#held(retaken) : "waiting";
    }
    // Another process has held it since this process did, or since this process began to watch.
    const isAlive = this.#isHeld ? !by.isOver : this.#watched?.holder.process === by.process && this.#hasCounted(by);
    return isAlive ? { kind: "name_taken", url: by.url } : "waiting";
  }

  get #isHeld(): boolean {
    return this.#format !== undefined;
  }

  #held({ format }: NameHeld): "held" {
    if (this.#isHeld && format !== this.#format) this.#events.emit("format_changed", { format });
    this.#format = format;
    this.#watched = undefined;
    return "held";
  }

  #hasCounted(by: NameHolder): boolean {
    return this.#watched !== undefined && this.#watched.holder.holds !== by.holds;
  }

  #isDead(by: NameHolder): boolean {
    if (this.#isHeld) return by.isOver;
    const now = this.#clock.mono();
    if (this.#watched?.holder.process !== by.process) {
      this.#watched = { holder: by, since: now };
      return false;
    }
    if (this.#hasCounted(by)) return false;
    const watchedMs = now - this.#watched.since;
    // The second case: the clock of the store was set back.
    return (by.isOver && watchedMs >= SURELY_HELD_AGAIN_MS) || watchedMs >= 2 * LEASE_MS;
  }
}
