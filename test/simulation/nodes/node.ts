import { NoMedia } from "../../../src/media/no-media.js";
import { MemoryBus, type MemoryHub } from "../../../src/memory/memory-bus.js";
import type { CallStore } from "../../../src/ports/call-store.js";
import type { MemoryStore } from "../../../src/memory/memory-store.js";
import type { ManualClock } from "../../support/manual-clock.js";
import type { Random } from "../../support/random.js";
import { World } from "../../support/world.js";
import { NodeTime } from "./node-time.js";
import { RemoteDirectory } from "./remote-directory.js";

/** What all nodes share. */
export interface Shared {
  readonly clock: ManualClock;
  readonly store: MemoryStore;
  readonly hub: MemoryHub;
  readonly calls: CallStore;
  readonly random: Random;
  readonly failed: (error: unknown) => void;
}

/** One process of the service: the real domain code with its own clock and its own path to the store. */
export class SimulatedNode {
  readonly id: string;
  readonly time: NodeTime;
  readonly world: World;
  readonly #directory: RemoteDirectory;
  #sweptAt = 0;

  constructor(shared: Shared, id: string) {
    const { clock, store, hub, calls, random, failed } = shared;
    this.id = id;
    this.time = new NodeTime(clock);
    const directory = new RemoteDirectory(store, id, this.time, random);
    this.#directory = directory;
    this.world = new World({
      clock,
      ownTime: this.time,
      nodeId: id,
      cluster: { url: id, random: () => random.next() },
      directory: () => directory,
      bus: new MemoryBus(hub, id, failed),
      calls,
      media: new NoMedia(),
    });
  }

  get directory(): RemoteDirectory {
    return this.#directory;
  }

  get cluster() {
    const { cluster } = this.world.service;
    if (!cluster) throw new Error("a node of many has a cluster");
    return cluster;
  }

  get isRunning(): boolean {
    return this.time.state === "running";
  }

  /** Runs the watch and the sweep, if the process is running. */
  async tick(): Promise<void> {
    if (!this.isRunning) return;
    await this.world.sweeper.watch();
    if (this.time.mono() - this.#sweptAt < 30_000) return;
    this.#sweptAt = this.time.mono();
    await this.world.sweeper.sweep();
  }
}
