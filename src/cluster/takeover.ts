import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { Directory, NodeView, SessionEntry } from "../ports/directory.js";
import type { ClusterEvents } from "./events.js";

/** Sessions that are taken over before the event loop gets its turn again. */
const SLICE = 50;

/** Goes on with what dead nodes held, slice by slice, side by side with the other survivors. */
export class Takeover {
  readonly #clock: Clock;
  readonly #directory: Directory;
  readonly #events: Emitter<ClusterEvents>;
  readonly #adopt: (entries: readonly SessionEntry[], fromNodeId: string) => Promise<number>;
  readonly #running = new Map<string, Promise<void>>();
  #closed = false;

  constructor(options: {
    clock: Clock;
    directory: Directory;
    events: Emitter<ClusterEvents>;
    /** Goes on with sessions here; returns how many it could not. */
    adopt: (entries: readonly SessionEntry[], fromNodeId: string) => Promise<number>;
  }) {
    this.#clock = options.clock;
    this.#directory = options.directory;
    this.#events = options.events;
    this.#adopt = options.adopt;
  }

  /** Begins with those that are not being taken over already. */
  begin(dead: readonly NodeView[]): void {
    for (const node of dead) {
      const lease = `${node.nodeId}@${node.epoch}`;
      if (this.#closed || this.#running.has(lease)) continue;
      const running = this.#takeOver(node).finally(() => this.#running.delete(lease));
      this.#running.set(lease, running);
    }
  }

  /** Nothing is taken over after this; resolves when the slices under way are. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#running.values());
  }

  async #takeOver({ nodeId, epoch }: NodeView): Promise<void> {
    let sessions = 0;
    let lost = 0;
    this.#events.emit("taking_over", { nodeId });
    try {
      for (let more = true; more && !this.#closed;) {
        const outcome = await this.#directory.takeOver(nodeId, epoch, SLICE);
        if (outcome.kind !== "taken") return;
        lost += await this.#adopt(outcome.sessions, nodeId);
        sessions += outcome.sessions.length;
        more = outcome.more;
        await this.#clock.pollPhase();
      }
      this.#events.emit("taken_over", { nodeId, result: "completed", sessions, lost });
    } catch (error) {
      this.#events.emit("taken_over", { nodeId, result: "failed", sessions, lost, error });
    }
  }
}
