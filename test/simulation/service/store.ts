import { MemoryDirectory } from "../../../src/memory/memory-directory.js";
import { MemoryStore } from "../../../src/memory/memory-store.js";
import type { CallStore } from "../../../src/ports/call-store.js";
import type { Directory } from "../../../src/ports/directory.js";
import type { EventLoop } from "../world/event-loop.js";
import type { World } from "../world/world.js";

/** Times in which a store over a network answers: mostly fast, seldom slow. While it is away it does not answer. */
const USUAL_MS = { least: 0.3, most: 8 } as const;
const SLOW = { chance: 0.01, least: 200, most: 3_000 } as const;
const TIME_LIMIT_MS = 2_000;

/**
 * One node's path to a store over a network. A request fails after a while when the store is away. In some cases the store
 * has done it anyway.
 */
export class StoreWay {
  away = false;
  /** Number of failed requests. `failedAt` is when the last one failed; `pending` counts requests without an answer. */
  failures = 0;
  failedAt = -Infinity;
  pending = 0;
  readonly #world: World;
  readonly #loop: EventLoop;
  /** There is one connection, so requests and answers stay in order. */
  #askedUntil = 0;
  #answeredUntil = 0;

  constructor(world: World, loop: EventLoop) {
    this.#world = world;
    this.#loop = loop;
  }

  /** Sends every method call over the network. `close` ends only the connection; the store keeps its content. */
  to<T extends object>(store: T): T {
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
      await this.#waitUntil(this.#world.now.at + this.#world.between(100, TIME_LIMIT_MS));
      this.failures += 1;
      this.failedAt = this.#world.now.at;
      if (this.#world.chance(0.3)) await question();
      throw new Error(RemoteStore.failure);
    }
    const { least, most } = this.#world.chance(SLOW.chance) ? SLOW : USUAL_MS;
    const halfWay = this.#world.between(least, most) / 2;
    const { now } = this.#world;
    this.#askedUntil = Math.max(this.#askedUntil, now.at + halfWay);
    await this.#waitUntil(this.#askedUntil);
    const answer = await question();
    this.#answeredUntil = Math.max(this.#answeredUntil, now.at + halfWay);
    await this.#waitUntil(this.#answeredUntil);
    return answer;
  }

  #waitUntil(at: number): Promise<void> {
    return new Promise((resolve) => this.#loop.arrive(at, resolve));
  }
}

/** The directory and the call store of one node, both behind a network. */
export class RemoteStore {
  /** The message of the errors while the store is away. */
  static readonly failure = "the store does not answer";
  /** The real content of the directory, for the checks. */
  readonly truth: Directory;
  /** The directory and calls as the node sees them. */
  readonly directory: Directory;
  readonly calls: CallStore;
  /** The paths to the directory and to the calls. Both lead to the same machine. */
  readonly way: StoreWay;
  readonly callsWay: StoreWay;

  /** @param calls the store that decides about calls */
  constructor(world: World, loop: EventLoop, nodeId: string, calls: CallStore) {
    this.truth = new MemoryDirectory(new MemoryStore(loop), nodeId);
    this.way = new StoreWay(world, loop);
    this.callsWay = new StoreWay(world, loop);
    this.directory = this.way.to(this.truth);
    this.calls = this.callsWay.to(calls);
  }

  set away(away: boolean) {
    this.way.away = away;
    this.callsWay.away = away;
  }
}
