import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { Directory, NodeView, SessionEntry } from "../ports/directory.js";
import { leaseId, type LeaseId } from "../ports/lease-id.js";
import type { ClusterEvents } from "./events.js";

/**
 * This node takes over so many sessions before the event loop gets its turn again. Each slice costs an answer of the store and some turns,
 * which are long while the clients of the dead node come back: so slices are not small.
 */
const SLICE = 200;

/**
 * Takes over what dead nodes held, slice by slice. The other survivors do the same at the same time. While this node adopts a
 * slice, the store moves the next one.
 */
export class Takeover {
  readonly #clock: Clock;
  readonly #directory: Directory;
  readonly #events: Emitter<ClusterEvents>;
  readonly #adopt: (entries: readonly SessionEntry[], fromNodeId: string) => Promise<number>;
  readonly #running = new Map<LeaseId, Promise<void>>();
  #closed = false;

  constructor(options: {
    clock: Clock;
    directory: Directory;
    events: Emitter<ClusterEvents>;
    /** Opens the sessions on this node; returns the number of those that could not go on in their rooms. */
    adopt: (entries: readonly SessionEntry[], fromNodeId: string) => Promise<number>;
  }) {
    this.#clock = options.clock;
    this.#directory = options.directory;
    this.#events = options.events;
    this.#adopt = options.adopt;
  }

  get isRunning(): boolean {
    return this.#running.size > 0;
  }

  /** Begins to take over the leases that this node does not take over already. */
  begin(dead: readonly NodeView[]): void {
    for (const node of dead) {
      const lease = leaseId(node);
      if (this.#closed || this.#running.has(lease)) continue;
      const running = this.#takeOver(node).finally(() => this.#running.delete(lease));
      this.#running.set(lease, running);
    }
  }

  /** Begins no new slice; resolves when the slices under way have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#running.values());
  }

  async #takeOver({ nodeId, epoch }: NodeView): Promise<void> {
    let sessions = 0;
    let lost = 0;
    this.#events.emit("taking_over", { nodeId });
    try {
      const take = () => this.#directory.takeOver({ nodeId, epoch }, SLICE);
      let next: ReturnType<typeof take> | undefined = take();
      while (next) {
        const outcome: Awaited<typeof next> = await next;
        if (outcome.kind !== "taken") return;
        next = outcome.more && !this.#closed ? take() : undefined;
        // It is awaited after this one is adopted.
        next?.catch(() => undefined);
        lost += await this.#adopt(outcome.sessions, nodeId);
        sessions += outcome.sessions.length;
        await this.#clock.pollPhase();
      }
      this.#events.emit("taken_over", { nodeId, result: "completed", sessions, lost });
    } catch (error) {
      this.#events.emit("taken_over", { nodeId, result: "failed", sessions, lost, error });
    }
  }
}
