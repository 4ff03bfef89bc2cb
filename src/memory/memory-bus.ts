import { Emitter } from "../kernel/emitter.js";
import { SequenceTracker } from "../kernel/sequence-tracker.js";
import type { NodeMessage } from "../ports/node-messages.js";
import type { Bus, BusEvents } from "../ports/bus.js";

/** Connects the buses of the nodes in one process. */
export class MemoryHub {
  readonly buses = new Map<string, MemoryBus>();
  #streams = 0;

  /** A name for one run of a node. */
  nextStream(): string {
    this.#streams += 1;
    return String(this.#streams);
  }
}

interface Frame {
  readonly from: string;
  /** The run of the sender that `seq` belongs to. */
  readonly stream: string;
  /** Number of a message to all; undefined for any other. */
  readonly seq: number | undefined;
  readonly message: NodeMessage;
}

/** The bus between nodes in one process. In a service with one node there is no other node to send to. */
export class MemoryBus implements Bus {
  readonly #hub: MemoryHub;
  readonly #nodeId: string;
  readonly #stream: string;
  readonly #events: Emitter<BusEvents>;
  readonly #senders = new Map<string, SequenceTracker>();
  readonly #followed = new Set<string>();
  #sent = 0;
  #closed = false;

  constructor(hub: MemoryHub, nodeId: string, onError: (error: unknown, event: PropertyKey) => void) {
    this.#hub = hub;
    this.#nodeId = nodeId;
    this.#stream = hub.nextStream();
    this.#events = new Emitter(onError);
    hub.buses.set(nodeId, this);
  }

  get sent(): number {
    return this.#sent;
  }

  send(to: { nodeId: string } | "all", message: NodeMessage): void {
    if (to === "all") this.#sent += 1;
    const seq = to === "all" ? this.#sent : undefined;
    this.#sendTo((_bus, nodeId) => to === "all" || nodeId === to.nodeId, seq, message);
  }

  sendAbout(userIds: readonly string[], message: NodeMessage): void {
    this.#sendTo((bus) => userIds.some((userId) => bus.#followed.has(userId)), undefined, message);
  }

  follow(userId: string): Promise<void> {
    this.#followed.add(userId);
    return Promise.resolve();
  }

  unfollow(userId: string): Promise<void> {
    this.#followed.delete(userId);
    return Promise.resolve();
  }

  compare(nodeId: string, epoch: number, sent: number): void {
    if (nodeId === this.#nodeId) return;
    if (this.#tracker(nodeId).compared(epoch, sent)) this.#events.emit("missed", { from: nodeId });
  }

  on<K extends keyof BusEvents>(event: K, listener: (event: BusEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  close(): Promise<void> {
    this.#closed = true;
    if (this.#hub.buses.get(this.#nodeId) === this) this.#hub.buses.delete(this.#nodeId);
    return Promise.resolve();
  }

  #sendTo(to: (bus: MemoryBus, nodeId: string) => boolean, seq: number | undefined, message: NodeMessage): void {
    for (const [nodeId, bus] of this.#hub.buses) {
      if (nodeId === this.#nodeId || !to(bus, nodeId)) continue;
      const frame = { from: this.#nodeId, stream: this.#stream, seq, message: structuredClone(message) };
      queueMicrotask(() => bus.#receive(frame));
    }
  }

  #receive({ from, stream, seq, message }: Frame): void {
    if (this.#closed) return;
    if (seq !== undefined) {
      const { inOrder, missed } = this.#tracker(from).arrived(stream, seq);
      if (missed) this.#events.emit("missed", { from });
      if (!inOrder) return;
    }
    this.#events.emit("message", { from, message });
  }

  #tracker(from: string): SequenceTracker {
    const known = this.#senders.get(from);
    if (known) return known;
    const tracker = new SequenceTracker();
    this.#senders.set(from, tracker);
    return tracker;
  }
}
