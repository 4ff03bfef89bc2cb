import { MemoryDirectory } from "../../../src/memory/memory-directory.js";
import type { Directory, DirectoryEntry } from "../../../src/session/ports.js";
import type { EventLoop } from "../world/event-loop.js";
import type { World } from "../world/world.js";

/** How a store over a network answers: mostly fast, seldom slow; while it is away not at all. */
const USUAL_MS = { least: 0.3, most: 8 } as const;
const SLOW = { chance: 0.01, least: 200, most: 3_000 } as const;
const TIME_LIMIT_MS = 2_000;

/**
 * The directory of one node behind a network. What is asked while the store is away fails after a while, and in some
 * cases was carried out all the same.
 */
export class RemoteStore implements Directory {
  /** The message of what it throws while it is away. */
  static readonly failure = "the store does not answer";
  /** What the store really holds; asked by the checks. */
  readonly truth = new MemoryDirectory();
  away = false;
  /** Questions that failed. */
  failures = 0;
  readonly #world: World;
  readonly #loop: EventLoop;

  constructor(world: World, loop: EventLoop) {
    this.#world = world;
    this.#loop = loop;
  }

  claimRoom(roomId: string): ReturnType<Directory["claimRoom"]> {
    return this.#ask(() => this.truth.claimRoom(roomId));
  }

  releaseRoom(roomId: string): ReturnType<Directory["releaseRoom"]> {
    return this.#ask(() => this.truth.releaseRoom(roomId));
  }

  putSession(entry: DirectoryEntry): ReturnType<Directory["putSession"]> {
    return this.#ask(() => this.truth.putSession(entry));
  }

  removeSession(sessionId: string, epoch: number): ReturnType<Directory["removeSession"]> {
    return this.#ask(() => this.truth.removeSession(sessionId, epoch));
  }

  findSession(sessionId: string): ReturnType<Directory["findSession"]> {
    return this.#ask(() => this.truth.findSession(sessionId));
  }

  sessionsOfUser(userId: string): ReturnType<Directory["sessionsOfUser"]> {
    return this.#ask(() => this.truth.sessionsOfUser(userId));
  }

  counts(): ReturnType<Directory["counts"]> {
    return this.#ask(() => this.truth.counts());
  }

  /** The connection to the store is closed; what it holds stays. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
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
