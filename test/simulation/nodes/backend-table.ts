import { translate } from "../../../src/webhook/translate.js";
import { BackendTable as Table } from "../../support/backend-table.js";
import type { SimulatedNode } from "./node.js";

/** The backend of the simulated nodes. A node delivers an event when it has written it to the log, which is in the store. */
export class BackendTable {
  readonly #table = new Table();
  readonly #doubtful = new Set<string>();
  readonly #waiting = new Map<SimulatedNode, (() => void)[]>();

  follow(node: SimulatedNode): void {
    const { id: nodeId, world } = node;
    const waiting: (() => void)[] = [];
    this.#waiting.set(node, waiting);
    let sequence = 0;
    translate(world.events, { nodeId, isOpen: (roomId) => world.rooms.find(roomId) !== undefined }, (step) => {
      const event = { ...step, at: world.clock.wall(), nodeId, sequence: ++sequence };
      waiting.push(() => this.#table.take(event));
    });
  }

  /** Takes the events of the nodes that reach the store. A node that dies takes with it what waits. */
  deliver(): void {
    for (const [{ isRunning, directory }, waiting] of this.#waiting) {
      if (isRunning && directory.way !== "away") for (const take of waiting.splice(0)) take();
    }
  }

  /**
   * The node has died while the store was out of order, so perhaps nobody else knows its sessions. docs/webhooks.md tells the
   * backend to compare its table then.
   */
  doubt(nodeId: string): void {
    this.#doubtful.add(nodeId);
  }

  /**
   * Compares the tables with the sessions that are in rooms.
   *
   * @param there the room of each, by session id
   * @returns what differs, in words
   */
  differences(there: ReadonlyMap<string, string>): string[] {
    return this.#table.differences(there, ({ nodeId }) => this.#doubtful.has(nodeId));
  }
}
