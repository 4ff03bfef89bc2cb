import { MemoryDirectory } from "../../../src/memory/memory-directory.js";
import { MemoryStore } from "../../../src/memory/memory-store.js";
import type { Directory } from "../../../src/session/directory.js";
import type { EventLoop } from "../world/event-loop.js";
import type { World } from "../world/world.js";

/** How a store over a network answers: mostly fast, seldom slow; while it is away not at all. */
const USUAL_MS = { least: 0.3, most: 8 } as const;
const SLOW = { chance: 0.01, least: 200, most: 3_000 } as const;
const TIME_LIMIT_MS = 2_000;

/**
 * A store and one node's way to it over a network. What is asked while it is away fails after a while, and in some cases
 * was carried out all the same.
 */
export class RemoteStore {
  /** The message of what it throws while it is away. */
  static readonly failure = "the store does not answer";
  /** What the store really holds; asked by the checks. */
  readonly truth: Directory;
  /** As the node sees it. */
  readonly directory: Directory;
  away = false;
  /** Questions that failed, and those that were not answered yet. */
  failures = 0;
  pending = 0;
  readonly #world: World;
  readonly #loop: EventLoop;

  constructor(world: World, loop: EventLoop, nodeId: string) {
    this.#world = world;
    this.#loop = loop;
    this.truth = new MemoryDirectory(new MemoryStore(loop), nodeId);
    this.directory = this.#overNetwork(this.truth);
  }

  /** Every method takes its way over the network; closing ends the connection, and what the store holds stays. */
  #overNetwork(store: Directory): Directory {
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        if (name === "close") return () => Promise.resolve();
        return (...args: unknown[]) => this.#ask(() => Reflect.apply(member, target, args) as Promise<unknown>);
      },
    });
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    this.pending += 1;
    try {
      return await this.#answer(question);
    } finally {
      this.pending -= 1;
    }
  }

  async #answer<T>(question: () => Promise<T>): Promise<T> {
    if (this.away) {
      await this.#wait(this.#world.between(100, TIME_LIMIT_MS));
      this.failures += 1;
      if (this.#world.chance(0.3)) await question();
      throw new Error(RemoteStore.failure);
    }
    const { least, most } = this.#world.chance(SLOW.chance) ? SLOW : USUAL_MS;
    const halfWay = this.#world.between(least, most) / 2;
    await this.#wait(halfWay);
    const answer = await question();
    await this.#wait(halfWay);
    return answer;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#loop.arrive(this.#world.now.at + ms, resolve));
  }
}
