import type { TabChannel } from "@lastseen/client";
import { Network } from "../world/network.js";
import type { World } from "../world/world.js";
import type { Page } from "./page.js";
import { Locks } from "./tab-locks.js";

/** A person's computer or phone: one network path to the service, one browser and some tabs. */
export class Machine {
  readonly network: Network;
  readonly pages = new Set<Page>();
  readonly locks: Locks;
  awake = true;
  /** How far its clock is ahead of the true time, in milliseconds. People and time servers change it. */
  clockOffset = 0;
  /** Pages that listen to messages from other tabs. */
  readonly #ears = new Map<object, { page: Page; hear: (message: unknown) => void }>();

  constructor(world: World) {
    this.network = new Network(world);
    this.locks = new Locks(world);
  }

  get reachable(): boolean {
    return this.awake && this.network.up;
  }

  /** Call this when the machine's state has changed: all its pages review whether they are live. */
  review(): void {
    for (const page of this.pages) page.review();
  }

  loseNetwork(): void {
    this.network.goDown();
    this.review();
  }

  /** @param announced whether the browser notices that the network is back and tells its pages */
  findNetwork(announced: boolean): void {
    if (this.awake) this.network.comeUp();
    this.review();
    if (!announced) return;
    for (const page of this.pages) page.signal({ kind: "wake", cause: "online" });
  }

  /** The machine gets a new address. The browser closes the old connections, and the service does not learn it. */
  changeNetwork(announced: boolean): void {
    this.network.cut();
    for (const page of this.pages) page.moveNetwork();
    this.findNetwork(announced);
  }

  /** A device on the network path forgets all connections and tells neither end. */
  cutConnections(): void {
    this.network.cut();
    for (const page of this.pages) page.cutOff();
  }

  sleep(): void {
    this.awake = false;
    this.network.goDown();
    this.review();
  }

  wake(): void {
    this.awake = true;
    this.review();
  }

  /** All its connections break, as when its router restarts. */
  breakConnections(): void {
    for (const page of this.pages) page.breakSockets();
  }

  /** The machine loses power, and neither end of a connection learns it. */
  vanish(): void {
    this.awake = false;
    this.network.goDown();
    for (const page of this.pages) page.vanish();
  }

  /** Opens a page's channel to the other tabs of the same browser. */
  openChannel(page: Page, hear: (message: unknown) => void): TabChannel {
    const key = {};
    this.#ears.set(key, { page, hear });
    return {
      post: (message) => {
        for (const [other, ear] of this.#ears) if (other !== key) ear.page.laterTask(() => ear.hear(message));
      },
      close: () => this.#ears.delete(key),
    };
  }

  /** Removes a page and its channels. */
  forget(page: Page): void {
    this.pages.delete(page);
    for (const [key, ear] of this.#ears) if (ear.page === page) this.#ears.delete(key);
  }

  /** Number of channels that a page has open. */
  channelsOf(page: Page): number {
    return [...this.#ears.values()].filter((ear) => ear.page === page).length;
  }
}
