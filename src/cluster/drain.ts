import type { Clock, Timer } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../ports/bus.js";
import type { Directory, NodeView } from "../ports/directory.js";
import type { Actor } from "../session/actor.js";
import { Session, type Roster } from "../session/session.js";
import type { LocalState } from "./local-state.js";
import type { ClusterEvents } from "./events.js";
import type { Membership } from "./membership.js";

/** The moves begin within this share of the time. In the rest of the time the last moves can end. */
const SPREAD = 0.7;
/** The clients of one room reconnect to the new node at different moments within this time. */
const COME_WITHIN_MS = 500;

/**
 * Empties this node. It takes no new rooms, and hands each room with all its people to another node. The rooms move at
 * different moments. The people of a room move together, so a room is never on two nodes.
 */
export class Drain {
  readonly #clock: Clock;
  readonly #directory: Directory;
  readonly #bus: Bus;
  readonly #membership: Membership;
  readonly #local: LocalState;
  readonly #events: Emitter<ClusterEvents>;
  readonly #random: () => number;
  /** Moves that have not begun, each with the function that ends its wait when the drain stops. */
  readonly #waiting = new Map<Timer, () => void>();
  #running: Promise<void> | undefined;
  #over = false;
  #closed = false;

  constructor(options: {
    clock: Clock;
    directory: Directory;
    bus: Bus;
    membership: Membership;
    local: LocalState;
    events: Emitter<ClusterEvents>;
    /** From 0 to 1. */
    random: () => number;
  }) {
    this.#clock = options.clock;
    this.#directory = options.directory;
    this.#bus = options.bus;
    this.#membership = options.membership;
    this.#local = options.local;
    this.#events = options.events;
    this.#random = options.random;
  }

  /**
   * Drains the node. A call during a drain returns the promise of that drain; a call after it starts a new drain. No move
   * begins after the deadline, and no move is under way when the promise resolves: otherwise a room could be on two nodes.
   *
   * @param deadlineMs the drain stops after this time. Sessions that have not moved stay here. The promise resolves when the
   *   store has answered the moves under way.
   * @param by who asked for it; missing when the process stops
   */
  run(deadlineMs: number, by?: Actor): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#running ??= this.#run(deadlineMs, by).finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** Begins no more moves. Resolves when the moves under way have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stop();
    await this.#running;
  }

  async #run(deadlineMs: number, by: Actor | undefined): Promise<void> {
    this.#over = false;
    const deadline = this.#clock.after(deadlineMs, () => this.#stop());
    await this.#membership.drain();
    const sessions = [...this.#local.sessions()];
    this.#events.emit("draining", { deadlineMs, sessions: sessions.length, ...(by ? { by } : {}) });
    if (this.#membership.others.length > 0) {
      const groups = [...new Set(sessions.map(groupOf))];
      const moves = groups.map((group) =>
        this.#after(this.#random() * deadlineMs * SPREAD, () => this.#move(group, by)),
      );
      await Promise.all(moves);
    }
    deadline.cancel();
    this.#over = true;
    const left = [...this.#local.sessions()].length;
    this.#events.emit("drained", { handedOver: sessions.length - left, left });
  }

  /** Calls `act` after the delay, unless the drain stops before. Resolves when `act` has ended or the drain has stopped. */
  #after(delayMs: number, act: () => Promise<void>): Promise<void> {
    if (this.#over) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.after(delayMs, () => {
        this.#waiting.delete(timer);
        resolve(act());
      });
      this.#waiting.set(timer, resolve);
    });
  }

  #stop(): void {
    this.#over = true;
    for (const [timer, resolve] of this.#waiting) {
      timer.cancel();
      resolve();
    }
    this.#waiting.clear();
  }

  /**
   * Hands the group to the node with the fewest sessions. If no node can take it, the group stays here until the service
   * stops and tells its clients to reconnect.
   */
  async #move(group: Group, by: Actor | undefined): Promise<void> {
    const receiver = leastLoaded(this.#membership.others);
    // A session that has entered a room meanwhile moves with that room.
    if (!receiver || (group instanceof Session && group.participation)) return;
    const what = group instanceof Session ? { sessionId: group.id } : { roomId: group.id };
    const outcome = await this.#directory.handOver(what, receiver.nodeId).catch(() => undefined);
    if (outcome?.kind !== "handed") return;
    this.#bus.send({ nodeId: receiver.nodeId }, { type: "handed_over" });
    const moved = [...this.#local.sessions()].filter((session) => session === group || groupOf(session) === group);
    for (const { connection } of moved) {
      connection?.sendEvent("server_closing", { reconnectAfterMs: Math.round(this.#random() * COME_WITHIN_MS) });
      connection?.close("serviceRestart");
    }
    for (const session of moved) this.#local.giveUp(session, "handed_over", by);
  }
}

function leastLoaded(nodes: readonly NodeView[]): NodeView | undefined {
  const takers = nodes.filter(({ draining, url }) => !draining && url !== undefined);
  return takers.reduce<NodeView | undefined>(
    (best, node) => (best && best.sessions <= node.sessions ? best : node),
    undefined,
  );
}

/** What moves together: a room with everybody in it, or a session that is in no room. */
type Group = Roster | Session;

function groupOf(session: Session): Group {
  return session.participation?.roster ?? session;
}
