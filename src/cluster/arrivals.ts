import type { Clock } from "../kernel/clock.js";
import type { Directory, SessionEntry } from "../ports/directory.js";
import type { LocalState } from "./local-state.js";
import { wholeRooms } from "./whole-rooms.js";

/** Number of sessions that this node adopts before the event loop gets its turn again. */
const IN_A_TURN = 50;

/**
 * Adopts sessions that were given to this node: their entries in the directory name this node, but the sessions are not here.
 */
export class Arrivals {
  readonly #clock: Clock;
  readonly #directory: Directory;
  readonly #local: Pick<LocalState, "knows" | "adopt">;
  /** What other nodes have announced. Nobody divides an announcement: it has all sessions of its rooms. */
  readonly #announced: (readonly string[])[] = [];
  /** Epoch of the present lease. */
  #lease = 0;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: { clock: Clock; directory: Directory; local: Pick<LocalState, "knows" | "adopt"> }) {
    this.#clock = options.clock;
    this.#directory = options.directory;
    this.#local = options.local;
  }

  /** This node has a new lease. */
  leaseBegan(epoch: number): void {
    this.#lease = epoch;
  }

  /**
   * Another node has said that it gave these sessions to this one.
   *
   * @param sessionIds with each session all others of its room
   * @returns resolves when all announced sessions are here; rejects when the store did not answer
   */
  announced(sessionIds: readonly string[]): Promise<void> {
    this.#announced.push(sessionIds);
    this.#running ??= this.#adoptAnnounced().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /**
   * Adopts those of the sessions that are not here.
   *
   * @param entries the sessions with their rooms; a room is adopted in one turn of the event loop
   * @returns number of sessions that were adopted
   */
  async adopt(entries: readonly SessionEntry[]): Promise<number> {
    let adopted = 0;
    const unknown = entries.filter((entry) => !this.#local.knows(entry));
    for (const slice of wholeRooms(unknown, ({ roomId }) => roomId, IN_A_TURN)) {
      if (this.#closed) break;
      adopted += await this.#adoptInATurn(slice.map(({ sessionId }) => sessionId));
    }
    return adopted;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running?.catch(() => {});
  }

  async #adoptAnnounced(): Promise<void> {
    while (this.#announced.length > 0 && !this.#closed) {
      const sessionIds: string[] = [];
      while (this.#announced.length > 0 && sessionIds.length < IN_A_TURN)
        sessionIds.push(...(this.#announced.shift() ?? []));
      await this.#adoptInATurn(sessionIds);
    }
  }

  /** Reads the entries first: a session can have ended, or moved again, meanwhile. */
  async #adoptInATurn(sessionIds: readonly string[]): Promise<number> {
    const entries = await this.#directory.findSessions(sessionIds);
    const arrived = entries.filter((entry) => entry.nodeId === this.#directory.nodeId && !this.#local.knows(entry));
    const earlier = arrived.filter(({ leaseEpoch }) => leaseEpoch !== this.#lease);
    const unwritten = new Set(earlier.map(({ sessionId }) => sessionId));
    if (arrived.length > 0) await this.#local.adopt(arrived, this.#directory.nodeId, unwritten);
    await this.#clock.pollPhase();
    return arrived.length;
  }
}
