import { Emitter } from "../kernel/emitter.js";
import type { NodeMessage } from "../ports/node-messages.js";
import type { Bus, BusEvents } from "../ports/bus.js";

/** What connects the buses of the nodes in one process. */
export class MemoryHub {
  readonly buses = new Map<string, MemoryBus>();
}

/** The bus among nodes in one process; of a service that is one node, a bus without anybody else. */
export class MemoryBus implements Bus {
  readonly #hub: MemoryHub;
  readonly #nodeId: string;
  readonly #events: Emitter<BusEvents>;
  #sent = 0;

  constructor(hub: MemoryHub, nodeId: string, onError: (error: unknown, event: PropertyKey) => void) {
    this.#hub = hub;
    this.#nodeId = nodeId;
    this.#events = new Emitter(onError);
    hub.buses.set(nodeId, this);
  }

  get sent(): number {
    return this.#sent;
  }

  send(to: { nodeId: string } | "all", message: NodeMessage): void {
    if (to === "all") this.#sent += 1;
    for (const [nodeId, bus] of this.#hub.buses) {
      if (nodeId === this.#nodeId || (to !== "all" && nodeId !== to.nodeId)) continue;
      queueMicrotask(() => bus.#events.emit("message", { from: this.#nodeId, message }));
    }
  }

  /** Nothing is ever lost on this way. */
  compare(): void {}

  on<K extends keyof BusEvents>(event: K, listener: (event: BusEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  close(): Promise<void> {
    this.#hub.buses.delete(this.#nodeId);
    return Promise.resolve();
  }
}
