import { MemoryDirectory } from "../../src/memory/memory-directory.js";
import { NoMedia } from "../../src/media/no-media.js";
import type { Directory, DirectoryEntry, SessionMedia } from "../../src/session/ports.js";
import type { Random } from "./random.js";

/** Lets a random number of turns pass, so that whatever runs at the same time comes in between. */
async function hesitate(random: Random): Promise<void> {
  for (let turns = random.below(6); turns > 0; turns--) await Promise.resolve();
}

/** A media side that takes its time and remembers every place that it gave out. */
export class HesitantMedia extends NoMedia {
  readonly given: { sessionId: string; media: SessionMedia }[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    super();
    this.#random = random;
  }

  override async join(_roomId = "", sessionId = ""): Promise<SessionMedia> {
    await hesitate(this.#random);
    const media = await super.join();
    this.given.push({ sessionId, media });
    return media;
  }
}

/** The directory of one node, but as slow and as unevenly slow as one that is asked over a network. */
export class HesitantDirectory implements Directory {
  readonly #inner = new MemoryDirectory();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  async claimRoom(roomId: string): ReturnType<Directory["claimRoom"]> {
    await hesitate(this.#random);
    return this.#inner.claimRoom(roomId);
  }

  async releaseRoom(roomId: string): ReturnType<Directory["releaseRoom"]> {
    await hesitate(this.#random);
    return this.#inner.releaseRoom(roomId);
  }

  async putSession(entry: DirectoryEntry): ReturnType<Directory["putSession"]> {
    await hesitate(this.#random);
    return this.#inner.putSession(entry);
  }

  async removeSession(sessionId: string, epoch: number): ReturnType<Directory["removeSession"]> {
    await hesitate(this.#random);
    return this.#inner.removeSession(sessionId, epoch);
  }

  findSession(sessionId: string): Promise<DirectoryEntry | undefined> {
    return this.#inner.findSession(sessionId);
  }

  sessionsOfUser(userId: string): Promise<readonly DirectoryEntry[]> {
    return this.#inner.sessionsOfUser(userId);
  }

  counts(): Promise<{ rooms: number; sessions: number }> {
    return this.#inner.counts();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
