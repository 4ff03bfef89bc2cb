import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../ports/bus.js";
import type { Directory } from "../ports/directory.js";
import type { LifecycleEvents } from "../session/events.js";
import type { SessionConnection } from "../session/session-connection.js";
import type { Session } from "../session/session.js";

/** The client comes back so soon; the other node takes the session up meanwhile. */
const COME_BACK_MS = 300;

/**
 * Brings a session to the node that holds the room of its call. Elsewhere a client that is sent to another node begins a
 * session there; a call belongs to its sessions, so here the session moves, and its client comes after it.
 */
export class Relocation {
  readonly #directory: Directory;
  readonly #bus: Bus;
  readonly #events: Emitter<LifecycleEvents>;

  constructor(options: { directory: Directory; bus: Bus; events: Emitter<LifecycleEvents> }) {
    this.#directory = options.directory;
    this.#bus = options.bus;
    this.#events = options.events;
  }

  /** @returns whether the session has gone there: its connection is closed then */
  async move(session: Session, connection: SessionConnection, roomId: string): Promise<boolean> {
    const home = await this.#directory.findRoom(roomId);
    if (!home || home.expired || home.nodeId === this.#directory.nodeId) return false;
    const outcome = await this.#directory.handOver({ sessionId: session.id }, home.nodeId);
    if (outcome.kind !== "handed") return false;
    this.#bus.send({ nodeId: home.nodeId }, { type: "handed_over" });
    connection.sendEvent("server_closing", { reconnectAfterMs: COME_BACK_MS });
    connection.close("serviceRestart");
    this.#events.emit("held_elsewhere", { session, why: "handed_over" });
    return true;
  }
}
