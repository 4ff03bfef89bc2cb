import type { Clock, Timer } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../ports/bus.js";
import type { Directory, NodeView } from "../ports/directory.js";
import { Session, type Roster } from "../session/session.js";
import type { LocalState } from "./local-state.js";
import type { ClusterEvents } from "./events.js";
import type { Membership } from "./membership.js";

/** The moves are spread over this part of the time; the rest is for the last of them to end. */
const SPREAD = 0.7;
/** Clients of one room come to the new node within this time. */
const COME_WITHIN_MS = 500;

/**
 * Empties this node: no new rooms, and each room is handed to another node at a moment of its own, with everybody who is
 * in it. The people of a room move together, so that it is never in two halves.
 */
export class Drain {
  readonly #clock: Clock;
  readonly #directory: Directory;
  readonly #bus: Bus;
  readonly #membership: Membership;
  readonly #local: LocalState;
  readonly #events: Emitter<ClusterEvents>;
  readonly #random: () => number;
  /** Moves whose moment has not come, and what to call when it never will. */
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
   * Whoever asks again meanwhile waits for the same end, and afterwards begins anew with whoever is still here, or is here
   * since. No move begins after the deadline, and none is under way when this has resolved: a room that was handed over
   * and goes on here would be in two halves.
   *
   * @param deadlineMs resolves after this time, with whoever is left still here, or as soon as the store has answered to
   *   the moves that are under way then
   */
  run(deadlineMs: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#running ??= this.#run(deadlineMs).finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** No move begins after this; resolves when those under way have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stop();
    await this.#running;
  }

  async #run(deadlineMs: number): Promise<void> {
    this.#over = false;
    const deadline = this.#clock.after(deadlineMs, () => this.#stop());
    await this.#membership.drain();
    const sessions = [...this.#local.sessions()];
    this.#events.emit("draining", { deadlineMs, sessions: sessions.length });
    if (this.#membership.others.length > 0) {
      const groups = [...new Set(sessions.map(groupOf))];
      const moves = groups.map((group) => this.#after(this.#random() * deadlineMs * SPREAD, () => this.#move(group)));
      await Promise.all(moves);
    }
    deadline.cancel();
    this.#over = true;
    const left = [...this.#local.sessions()].length;
    this.#events.emit("drained", { handedOver: sessions.length - left, left });
  }

  /** Acts after a while, or never if the drain is over by then; resolves when that is settled. */
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

  /** Gives the group to the node with the fewest sessions. Whom nobody takes stays, and is told to come again at the end. */
  async #move(group: Group): Promise<void> {
    const heir = leastLoaded(this.#membership.others);
    // Who has entered a room meanwhile moves with that room.
    if (!heir || (group instanceof Session && group.participation)) return;
    const what = group instanceof Session ? { sessionId: group.id } : { roomId: group.id };
    const outcome = await this.#directory.handOver(what, heir.nodeId).catch(() => undefined);
    if (outcome?.kind !== "handed") return;
    this.#bus.send({ nodeId: heir.nodeId }, { type: "handed_over" });
    const moved = [...this.#local.sessions()].filter((session) => session === group || groupOf(session) === group);
    for (const { connection } of moved) {
      connection?.sendEvent("server_closing", { reconnectAfterMs: Math.round(this.#random() * COME_WITHIN_MS) });
      connection?.close("serviceRestart");
    }
    for (const session of moved) this.#local.giveUp(session, "handed_over");
  }
}

function leastLoaded(nodes: readonly NodeView[]): NodeView | undefined {
  const takers = nodes.filter(({ draining, url }) => !draining && url !== undefined);
  return takers.reduce<NodeView | undefined>(
    (best, node) => (best && best.sessions <= node.sessions ? best : node),
    undefined,
  );
}

/** What moves together: a room with everybody in it, or a session that is in none. */
type Group = Roster | Session;

function groupOf(session: Session): Group {
  return session.participation?.roster ?? session;
}
