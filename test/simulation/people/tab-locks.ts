import type { TabLocks } from "@lastseen/client";
import type { World } from "../world/world.js";

/** Web Locks of one browser. */
export class Locks implements TabLocks {
  readonly #world: World;
  readonly #held = new Set<string>();
  /** The waiters of each name, oldest first. A waiter returns `true` when it takes the lock, and `false` when it only watches. */
  readonly #waiting = new Map<string, Set<() => boolean>>();

  constructor(world: World) {
    this.#world = world;
  }

  hold(name: string, waitMs: number): Promise<(() => void) | undefined> {
    return new Promise((resolve) => {
      const take = (): boolean => {
        this.#held.add(name);
        resolve(() => this.#release(name));
        return true;
      };
      if (!this.#held.has(name)) {
        take();
        return;
      }
      const stopWaiting = this.#wait(name, take);
      this.#world.after(waitMs, () => {
        if (stopWaiting()) resolve(undefined);
      });
    });
  }

  whenFree(name: string, signal: AbortSignal): Promise<void> {
    if (!this.#held.has(name)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        if (stopWaiting()) reject(signal.reason as Error);
      };
      const stopWaiting = this.#wait(name, () => {
        signal.removeEventListener("abort", stop);
        resolve();
        return false;
      });
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  /** Returns a function that ends the wait and returns whether it was still waiting. */
  #wait(name: string, turn: () => boolean): () => boolean {
    let waiting = this.#waiting.get(name);
    if (!waiting) this.#waiting.set(name, (waiting = new Set()));
    waiting.add(turn);
    return () => this.#waiting.get(name)?.delete(turn) ?? false;
  }

  #release(name: string): void {
    this.#held.delete(name);
    const waiting = this.#waiting.get(name);
    for (const turn of waiting ?? []) {
      waiting?.delete(turn);
      if (turn()) return;
    }
    this.#waiting.delete(name);
  }
}
