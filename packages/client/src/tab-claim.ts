/** This tab among the others of the browser: its name, which no other tab has, and what it tells them. */
import type { Emitter } from "./emitter.js";
import type { Environment } from "./environment.js";
import type { ClientEvents, OtherTab } from "./events.js";
import { OtherTabs, tabLockName } from "./other-tabs.js";
import type { TabMemory } from "./tab-memory.js";

/** How long a tab waits for its own predecessor (before a reload) to let go of the tab's lock. */
const LOCK_WAIT_MS = 500;

export class TabClaim {
  readonly #environment: Environment;
  readonly #memory: TabMemory;
  readonly #events: Emitter<ClientEvents>;
  #userId = "";
  #tabs: OtherTabs | undefined;
  #releaseLock: (() => void) | undefined;
  /** A claim that was begun under an older number is not wanted any more. */
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
   * Resolves when the tab's memory is known to be its own. A duplicated tab comes with a copy of it; the lock tells which
   * of the two is the original.
   */
  async take(): Promise<void> {
    const number = ++this.#number;
    let release = await this.#lock();
    if (!release) {
      this.#memory.becomeAnotherTab();
      release = await this.#lock();
    }
    if (number !== this.#number) {
      release?.();
      return;
    }
    this.#releaseLock = release;
    const tell = (others: readonly OtherTab[]) => this.#events.emit("tabs", others);
    this.#tabs = new OtherTabs(this.#environment, this.#memory.tabId, tell);
  }

  /** Nothing of the claim is left after this. Idempotent. */
  release(): void {
    this.#number += 1;
    this.#releaseLock?.();
    this.#releaseLock = undefined;
    this.#tabs?.close();
    this.#tabs = undefined;
  }

  #lock(): Promise<(() => void) | undefined> {
    return this.#environment.locks.hold(tabLockName(this.#memory.tabId), LOCK_WAIT_MS);
  }
}
