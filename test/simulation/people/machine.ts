import type { TabChannel } from "@lastseen/client";
import { Network } from "../world/network.js";
import type { World } from "../world/world.js";
import type { Page } from "./page.js";
import { Locks } from "./tab-locks.js";

/** A person's computer or phone: one network to the service, one browser, some tabs. */
export class Machine {
  readonly network: Network;
  readonly pages = new Set<Page>();
  readonly locks: Locks;
  awake = true;
  /** What its clock is ahead of the true time; people and time servers change it. */
  clockOffset = 0;
  /** Pages that listen to what other tabs tell. */
  readonly #ears = new Map<object, { page: Page; hear: (message: unknown) => void }>();

  constructor(world: World) {
    this.network = new Network(world);
    this.locks = new Locks(world);
  }

  get reachable(): boolean {
    return this.awake && this.network.up;
  }

  /** Something about all its pages has changed. */
  review(): void {
    for (const page of this.pages) page.review();
  }

  loseNetwork(): void {
    this.network.goDown();
    this.review();
  }

  /** @param announced whether the browser notices it and tells its pages */
  findNetwork(announced: boolean): void {
    if (this.awake) this.network.comeUp();
    this.review();
    if (!announced) return;
    for (const page of this.pages) page.signal({ kind: "wake", cause: "online" });
  }

  /** Another network, and so another address: the browser ends what went over the old one, and the service is not told. */
  changeNetwork(announced: boolean): void {
    this.network.cut();
    for (const page of this.pages) page.moveNetwork();
    this.findNetwork(announced);
  }

  /** Something on the way has forgotten all connections, and tells nobody. */
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

  /** All its connections break, as when its router starts anew. */
  breakConnections(): void {
    for (const page of this.pages) page.breakSockets();
  }

  /** No power any more: nobody is told anything. */
  vanish(): void {
    this.awake = false;
    this.network.goDown();
    for (const page of this.pages) page.vanish();
  }

  /** A page's network to the other tabs of the same browser. */
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

  /** The page is gone, and its channels with it. */
  forget(page: Page): void {
    this.pages.delete(page);
    for (const [key, ear] of this.#ears) if (ear.page === page) this.#ears.delete(key);
  }

  /** Channels that a page has open. */
  channelsOf(page: Page): number {
    return [...this.#ears.values()].filter((ear) => ear.page === page).length;
  }
}
