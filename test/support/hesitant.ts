import type { Clock } from "../../src/kernel/clock.js";
import { NoMedia, NoSessionMedia } from "../../src/media/no-media.js";
import { MemoryDirectory } from "../../src/memory/memory-directory.js";
import { MemoryStore } from "../../src/memory/memory-store.js";
import type { Directory, SessionEntry } from "../../src/ports/directory.js";
import type { TabChange } from "../../src/ports/media-plane.js";
import type { Random } from "./random.js";

/** Waits for a random number of turns, so that other code runs in between. */
async function hesitate(random: Random): Promise<void> {
  for (let turns = random.below(6); turns > 0; turns--) await Promise.resolve();
}

/** What goes on at a change of tabs: only a test ends it, or the end of the media. */
export class LastingMedia extends NoSessionMedia {
  /** The change that goes on. */
  change: TabChange | undefined;
  /** What {@link TabChange.undo} returns. */
  isWhole = true;
  resets = 0;

  override changeTab(sources: readonly string[] = [], over: () => void = () => {}): TabChange | undefined {
    this.reset();
    if (sources.length === 0 || this.closed) return undefined;
    const end = (): boolean => {
      if (this.change !== change) return false;
      this.change = undefined;
      return true;
    };
    const change: TabChange = {
      finish: () => {
        if (end()) over();
      },
      undo: () => end() && this.isWhole,
    };
    this.change = change;
    return change;
  }

  override reset(): void {
    this.resets += 1;
    this.change?.finish();
  }

  override close(): void {
    super.close();
    this.change?.finish();
  }
}

/** A slow media plane that remembers every place that it has returned. */
export class HesitantMedia extends NoMedia {
  readonly given: { sessionId: string; media: LastingMedia }[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    super();
    this.#random = random;
  }

  override async join(_roomId = "", sessionId = ""): Promise<LastingMedia> {
    await hesitate(this.#random);
    const media = new LastingMedia();
    this.given.push({ sessionId, media });
    return media;
  }
}

/** The directory of one node, with the random delays of a network. */
export class HesitantDirectory extends MemoryDirectory {
  readonly #random: Random;

  constructor(clock: Clock, random: Random) {
    super(new MemoryStore(clock), "hesitant");
    this.#random = random;
  }

  override async claimRoom(roomId: string): ReturnType<Directory["claimRoom"]> {
    await hesitate(this.#random);
    return super.claimRoom(roomId);
  }

  override async reclaimRoom(roomId: string): ReturnType<Directory["reclaimRoom"]> {
    await hesitate(this.#random);
    return super.reclaimRoom(roomId);
  }

  override async releaseRoom(roomId: string): ReturnType<Directory["releaseRoom"]> {
    await hesitate(this.#random);
    return super.releaseRoom(roomId);
  }

  override async putSession(entry: SessionEntry): ReturnType<Directory["putSession"]> {
    await hesitate(this.#random);
    return super.putSession(entry);
  }

  override async removeSession(sessionId: string, epoch: number): ReturnType<Directory["removeSession"]> {
    await hesitate(this.#random);
    return super.removeSession(sessionId, epoch);
  }
}
