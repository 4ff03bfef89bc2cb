import { translate, type Step } from "../../../src/webhook/translate.js";
import type { SimulatedNode } from "./node.js";

type State = "present" | "away" | "gone";

interface Row {
  readonly userId: string | null;
  /** Where the last event came from. */
  readonly nodeId: string;
  readonly state: State;
  readonly roomId: string | null;
  readonly epoch: number;
  readonly sequence: number;
}

const STATES: Readonly<Partial<Record<Step["type"], State>>> = {
  joined: "present",
  session_adopted: "present",
  back: "present",
  away: "away",
  left: "gone",
  session_ended: "gone",
};

/**
 * A backend's table of participants, kept with the statement of docs/webhooks.md. A node delivers an event when it has written
 * it to the log, which is in the store.
 */
export class BackendTable {
  readonly #rows = new Map<string, Row>();

  readonly #doubtful = new Set<string>();
  readonly #waiting = new Map<SimulatedNode, (() => void)[]>();

  follow(node: SimulatedNode): void {
    const { id: nodeId, world } = node;
    const waiting: (() => void)[] = [];
    this.#waiting.set(node, waiting);
    let sequence = 0;
    translate(world.events, { nodeId, isOpen: (roomId) => world.rooms.find(roomId) !== undefined }, (step) => {
      const from = { nodeId, sequence: ++sequence };
      waiting.push(() => this.#take(step, from));
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
   * Compares the table with the sessions that are in rooms.
   *
   * @param there the room of each, by session id
   * @returns what differs, in words
   */
  differences(there: ReadonlyMap<string, string>): string[] {
    const missing = [...there].filter(([sessionId, roomId]) => {
      const row = this.#rows.get(sessionId);
      return !row || row.state === "gone" || row.roomId !== roomId;
    });
    const tooMany = [...this.#rows].filter(
      ([sessionId, { state, nodeId }]) => state !== "gone" && !there.has(sessionId) && !this.#doubtful.has(nodeId),
    );
    return [
      ...missing.map(([sessionId]) => `${this.#nameOf(sessionId)} is not in its room`),
      ...tooMany.map(([sessionId]) => `${this.#nameOf(sessionId)} is still there`),
    ];
  }

  #nameOf(sessionId: string): string {
    const { userId, nodeId, epoch } = this.#rows.get(sessionId) ?? {};
    return `${userId}/${sessionId.slice(0, 4)}@${epoch} of ${nodeId}`;
  }

  #take({ type, userId, sessionId, roomId, epoch }: Step, from: { nodeId: string; sequence: number }): void {
    const state = STATES[type];
    if (!state || sessionId === null || epoch === null) return;
    const before = this.#rows.get(sessionId);
    if (before && (before.epoch > epoch || (before.epoch === epoch && before.sequence > from.sequence))) return;
    this.#rows.set(sessionId, {
      userId,
      state: roomId === null ? "gone" : state,
      roomId: roomId ?? before?.roomId ?? null,
      epoch,
      ...from,
    });
  }
}
