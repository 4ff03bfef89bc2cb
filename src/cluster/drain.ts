/**
 * Empties this node. It takes no new rooms, and hands each room with all its people to another node.
 *
 *     sessions --one pass--> groups, each with its moment --when due--> a batch for one heir --HandOver--> gone
 *
 * The work grows with the number of sessions, never with its square: each session is looked at once as it is grouped and once
 * as it moves. When many groups are due at the same time, they share one question to the store.
 */
import type { Clock, Timer } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../ports/bus.js";
import type { Directory } from "../ports/directory.js";
import type { Actor } from "../session/actor.js";
import type { SessionReconciler } from "./session-reconciler.js";
import type { ClusterEvents } from "./events.js";
import { entryOf, groupsOf, nameOf, type Group } from "./groups.js";
import { HandOver } from "./hand-over.js";
import { Heirs } from "./heirs.js";
import type { LocalState } from "./local-state.js";
import type { Membership } from "./membership.js";

/** Each pass begins its moves within this share of its time. In the rest of the time the last moves can end. */
const SPREAD = 0.7;
/** The clients of one room reconnect to the new node at different moments within this time. */
const COME_WITHIN_MS = 500;
/**
 * So many clients come back to one heir in a second, as far as {@link LONGEST_TURN_MS} allows. A new connection costs a slow node
 * about a millisecond.
 */
const ARRIVALS_PER_SECOND = 1_000;
/** No client waits longer than this for its turn: it is in a call. */
const LONGEST_TURN_MS = 5_000;
/** A batch ends with the group with which it has so many sessions. The event loop gets its turn after each batch. */
const IN_A_TURN = 50;
/** Batches for which the store is asked at the same time, so that a slow answer does not hold up the others. */
const AT_ONCE = 8;

/** Nothing could move: perhaps the store does not answer. After this time the drain tries again. */
const AGAIN_MS = 250;

/** What one drain has done. */
interface Progress {
  /** Monotonic milliseconds. */
  readonly begin: number;
  readonly deadlineMs: number;
  /** Sessions that were here at the begin. */
  readonly sessions: number;
  /** More clients than can come back while sessions still move. */
  readonly isCrowd: boolean;
  readonly by: Actor | undefined;
  readonly heirs: Heirs;
  /** Number of sessions. */
  moved: number;
  /** Names of the groups that cannot move. */
  readonly stayed: Set<string>;
}

export class Drain {
  readonly #clock: Clock;
  readonly #membership: Membership;
  readonly #local: LocalState;
  readonly #handOver: HandOver;
  readonly #events: Emitter<ClusterEvents>;
  readonly #random: () => number;
  /** Ends the wait for the next moment. */
  #wake: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #over = false;
  #closed = false;

  constructor(options: {
    clock: Clock;
    directory: Directory;
    bus: Bus;
    membership: Membership;
    local: LocalState;
    reconciler: SessionReconciler;
    events: Emitter<ClusterEvents>;
    /** From 0 to 1. */
    random: () => number;
  }) {
    this.#clock = options.clock;
    this.#membership = options.membership;
    this.#local = options.local;
    this.#handOver = new HandOver(options);
    this.#events = options.events;
    this.#random = options.random;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
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
    const begin = this.#clock.mono();
    const deadline = this.#clock.after(deadlineMs, () => this.#stop());
    await this.#membership.drain();
    const sessions = [...this.#local.sessions()];
    this.#events.emit("draining", { deadlineMs, sessions: sessions.length, ...(by ? { by } : {}) });
    const heirs = new Heirs(this.#membership);
    const isCrowd = arrivalTimeMs(sessions.length, heirs.size) > deadlineMs * SPREAD;
    const all = { begin, deadlineMs, sessions: sessions.length, isCrowd };
    const progress: Progress = { ...all, by, heirs, moved: 0, stayed: new Set() };
    // Sessions that begin or change their room during a pass move in the next one.
    let groups = groupsOf(sessions);
    while (groups.length > 0 && !this.#over) {
      const before = progress.moved;
      await this.#pass(groups, begin + deadlineMs - this.#clock.mono(), progress);
      groups = this.#untried(progress);
      if (groups.length > 0 && progress.moved === before) await this.#until(this.#clock.mono() + AGAIN_MS);
    }
    deadline.cancel();
    this.#over = true;
    this.#events.emit("drained", { handedOver: progress.moved, left: [...this.#local.sessions()].length });
  }

  #untried({ stayed }: Progress): Group[] {
    return groupsOf(this.#local.sessions()).filter((group) => !stayed.has(nameOf(entryOf(group))));
  }

  /**
   * Each group moves at a moment of its own, so that not all clients connect to the other nodes at the same time. The clients of a crowd
   * wait for their turn in any case, so there the groups move one after the other, as fast as this node can.
   */
  async #pass(groups: readonly Group[], withinMs: number, progress: Progress): Promise<void> {
    const begin = this.#clock.mono();
    const spreadMs = progress.isCrowd ? 0 : withinMs * SPREAD;
    const waiting = groups
      .map((group) => ({ group, at: begin + this.#random() * spreadMs }))
      .toSorted((a, b) => b.at - a.at);
    const underWay = new Set<Promise<void>>();
    for (let next = waiting.at(-1); next; next = waiting.at(-1)) {
      await this.#until(next.at);
      if (this.#over) break;
      const move = this.#move(this.#takeDue(waiting), progress).finally(() => underWay.delete(move));
      underWay.add(move);
      if (underWay.size >= AT_ONCE) await Promise.race(underWay);
      await this.#clock.pollPhase();
    }
    await Promise.all(underWay);
  }

  /** @param waiting the group that is due first is the last one */
  #takeDue(waiting: { group: Group; at: number }[]): Group[] {
    const now = this.#clock.mono();
    const batch: Group[] = [];
    let sessions = 0;
    for (let next = waiting.at(-1); next && next.at <= now && sessions < IN_A_TURN; next = waiting.at(-1)) {
      waiting.pop();
      // A session that has entered a room meanwhile moves with that room.
      if ("session" in next.group && next.group.session.participation) continue;
      batch.push(next.group);
      sessions += this.#handOver.sizeOf(next.group);
    }
    return batch;
  }

  /**
   * Hands the batch to one node. What that node or the store refuses as a whole is tried again in the next pass. Groups that
   * no node can take stay here until the service stops.
   */
  async #move(batch: readonly Group[], progress: Progress): Promise<void> {
    const sessions = batch.reduce((sum, group) => sum + this.#handOver.sizeOf(group), 0);
    if (sessions === 0) return;
    const { heirs, stayed, by } = progress;
    const comeBackMs = (): number => this.#random() * COME_WITHIN_MS + this.#turnMs(progress);
    const isTaken = await heirs.give(sessions, async (heir) => {
      const outcome = await this.#handOver.move(batch, heir, { comeBackMs, by });
      if (outcome.kind !== "moved") return outcome.kind === "unanswered";
      progress.moved += outcome.sessions;
      for (const group of outcome.stayed) stayed.add(nameOf(entryOf(group)));
      return true;
    });
    if (!isTaken && heirs.size === 0) for (const group of batch) stayed.add(nameOf(entryOf(group)));
  }

  /** How much longer than the others the client waits whose turn is next, milliseconds. */
  #turnMs(progress: Progress): number {
    const { moved, heirs } = progress;
    const elapsedMs = this.#clock.mono() - progress.begin;
    const turnMs = arrivalsAfterMs(progress, elapsedMs) + arrivalTimeMs(moved, heirs.size);
    return Math.min(Math.max(turnMs - elapsedMs, 0), LONGEST_TURN_MS);
  }

  /** Resolves at that moment, or when the drain stops. */
  #until(at: number): Promise<void> {
    const waitMs = at - this.#clock.mono();
    if (waitMs <= 0 || this.#over) return Promise.resolve();
    return new Promise((resolve) => {
      const timer: Timer = this.#clock.after(waitMs, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #stop(): void {
    this.#over = true;
    this.#wake?.();
  }
}

/** In how many milliseconds so many clients come back. */
function arrivalTimeMs(clients: number, heirs: number): number {
  return (clients / (ARRIVALS_PER_SECOND * Math.max(heirs, 1))) * 1_000;
}

/**
 * How long after the begin of the drain the first clients come back, milliseconds. The clients of a crowd come when the last session has
 * moved, as far as the pace until now tells: earlier they would slow the moves down, and sessions would stay behind at the deadline.
 */
function arrivalsAfterMs({ isCrowd, moved, sessions, deadlineMs }: Progress, elapsedMs: number): number {
  if (!isCrowd) return 0;
  return moved === 0 ? deadlineMs * SPREAD : Math.min((elapsedMs * sessions) / moved, deadlineMs);
}
