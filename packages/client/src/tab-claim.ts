/** Gives this tab an id that no other tab of the browser has, and tells the other tabs which room this one is in. */
import type { Emitter } from "./emitter.js";
import type { Environment } from "./environment.js";
import type { ClientEvents, OtherTab } from "./events.js";
import { OtherTabs, tabLockName } from "./other-tabs.js";
import type { TabMemory } from "./tab-memory.js";

/** How long a page waits for the page that the tab showed before it to release the tab's lock: after a reload, or on the way back. */
const LOCK_WAIT_MS = 500;
export const BACK_WAIT_MS = 2_000;

export class TabClaim {
  readonly #environment: Environment;
  readonly #memory: TabMemory;
  readonly #events: Emitter<ClientEvents>;
  #userId = "";
  #tabs: OtherTabs | undefined;
  #releaseLock: (() => void) | undefined;
  /** Grows with each claim and release; a claim that finds another number after a wait was given up. */
  #number = 0;

  constructor(environment: Environment, memory: TabMemory, events: Emitter<ClientEvents>) {
    this.#environment = environment;
    this.#memory = memory;
    this.#events = events;
    events.on("session", ({ user }) => (this.#userId = user.id));
    events.on("joined", ({ room }) => this.#tabs?.announce(this.#userId, room.id));
    events.on("left", () => this.#tabs?.announce(this.#userId, null));
  }

  /**
   * Resolves when the tab's memory is known to be its own. A duplicated tab starts with a copy of the memory of the
   * original; the original holds the lock.
   */
  async claim(waitMs = LOCK_WAIT_MS): Promise<void> {
    const number = ++this.#number;
    let release = await this.#lock(waitMs);
    if (!release) {
      this.#memory.becomeAnotherTab();
      release = await this.#lock(waitMs);
    }
    if (number !== this.#number) {
      release?.();
      return;
    }
    this.#releaseLock = release;
    this.#memory.refresh();
    const tell = (others: readonly OtherTab[]) => this.#events.emit("tabs", others);
    this.#tabs = new OtherTabs(this.#environment, this.#memory.tabId, tell);
  }

  /** Releases the lock and closes the channel. Idempotent. */
  release(): void {
    this.#number += 1;
    this.#releaseLock?.();
    this.#releaseLock = undefined;
    this.#tabs?.close();
    this.#tabs = undefined;
  }

  #lock(waitMs: number): Promise<(() => void) | undefined> {
    return this.#environment.locks.hold(tabLockName(this.#memory.tabId), waitMs);
  }
}
