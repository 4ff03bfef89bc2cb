import type { TabLocks } from "../../../src/sdk/index.js";
import { Line } from "../world/line.js";
import type { World } from "../world/world.js";
import type { Page } from "./page.js";

/** A person's computer or phone: one line to the service, one browser, some tabs. */
export class Machine {
  readonly line: Line;
  readonly pages = new Set<Page>();
  readonly locks: TabLocks;
  awake = true;

  constructor(world: World) {
    this.line = new Line(world);
    this.locks = new Locks(world);
  }

  get reachable(): boolean {
    return this.awake && this.line.up;
  }

  /** Something about all its pages has changed. */
  review(): void {
    for (const page of this.pages) page.review();
  }

  loseNetwork(): void {
    this.line.goDown();
    this.review();
  }

  /** @param announced whether the browser notices it and tells its pages */
  findNetwork(announced: boolean): void {
    if (this.awake) this.line.comeUp();
    this.review();
    if (!announced) return;
    for (const page of this.pages) page.signal({ kind: "wake", cause: "online" });
  }

  sleep(): void {
    this.awake = false;
    this.line.goDown();
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
    this.line.goDown();
    for (const page of this.pages) page.vanish();
  }
}

/** Web Locks of one browser. */
class Locks implements TabLocks {
  readonly #world: World;
  readonly #held = new Set<string>();

  constructor(world: World) {
    this.#world = world;
  }

  async hold(name: string, waitMs: number): Promise<(() => void) | undefined> {
    if (this.#held.has(name)) {
      await new Promise<void>((resolve) => this.#world.after(waitMs, resolve));
      if (this.#held.has(name)) return undefined;
    }
    this.#held.add(name);
    return () => this.#held.delete(name);
  }

  whenFree(): Promise<void> {
    return new Promise(() => {});
  }
}
