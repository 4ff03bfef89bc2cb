import { Loop } from "../../../src/kernel/loop.js";
import { HOLD_MS, type Sweeper } from "../../../src/reaper/sweeper.js";
import type { SessionRegistry } from "../../../src/session/registry.js";
import type { VirtualTime } from "../../../src/session/virtual-time.js";
import type { EventLoop } from "../world/event-loop.js";
import type { World } from "../world/world.js";
import { SETTINGS } from "./settings.js";
import type { WatchedSockets } from "./watched-sockets.js";

/** As in the service: what lies between two watches beyond this is the process's own delay. */
export const LONGEST_STEP_MS = 2 * SETTINGS.watchMs;

interface Parts {
  world: World;
  loop: EventLoop;
  time: VirtualTime;
  registry: SessionRegistry;
  sweeper: Sweeper;
  sockets: WatchedSockets;
  everyWatch: boolean;
  unexpected: (what: string, error: unknown) => void;
}

/**
 * The two loops of the service: the watch, four times a second, and the sweep. Most watches have nothing to do and are
 * left out when that can be known.
 */
export class Rhythm {
  readonly #parts: Parts;
  readonly #watchLoop: Loop;
  readonly #sweepLoop: Loop;
  /** The watch before has perhaps found some. */
  #mayHaveGhosts = true;
  #tickedAt = 0;
  readonly #nextDue = { at: 0, step: -1 };

  constructor(parts: Parts) {
    this.#parts = parts;
    const { loop, sweeper, everyWatch, unexpected } = parts;
    this.#watchLoop = new Loop({
      clock: loop.pulse(() => !everyWatch && this.#skipWatch()),
      intervalMs: SETTINGS.watchMs,
      task: () => this.#watch(),
      onError: (error) => unexpected("watch", error),
    });
    this.#sweepLoop = new Loop({
      clock: loop,
      intervalMs: SETTINGS.sweepMs,
      task: async () => {
        const { result } = await sweeper.sweep();
        if (result === "held") loop.after(HOLD_MS, () => void this.#sweepLoop.runNow());
      },
      onError: (error) => unexpected("sweep", error),
    });
    this.#watchLoop.start();
    this.#sweepLoop.start();
  }

  async close(): Promise<void> {
    await Promise.all([this.#watchLoop.close(), this.#sweepLoop.close()]);
  }

  async #watch(): Promise<void> {
    const { loop, time, sweeper, sockets } = this.#parts;
    this.#mayHaveGhosts = this.#nextGhostAt() <= time.now();
    this.#tickedAt = loop.mono();
    await sweeper.watch();
    sockets.advance();
  }

  /**
   * A watch that comes soon enough after the one before and finds no entry due in any list does nothing but move virtual
   * time; after one that found no ghosts it does not even end a hold. So it can be left out, and nobody can tell.
   */
  #skipWatch(): boolean {
    const { loop, time, world, sockets } = this.#parts;
    const now = loop.mono();
    if (this.#mayHaveGhosts || now - this.#tickedAt > LONGEST_STEP_MS) return false;
    if (this.#nextDue.step !== world.steps) {
      this.#nextDue.at = Math.min(sockets.nextDueAt, this.#nextGhostAt());
      this.#nextDue.step = world.steps;
    }
    if (this.#nextDue.at <= time.now()) return false;
    time.tick();
    this.#tickedAt = now;
    return true;
  }

  #nextGhostAt(): number {
    let at = Infinity;
    for (const { expiry } of this.#parts.registry.all()) if (expiry.list && expiry.dueAt < at) at = expiry.dueAt;
    return at;
  }
}
