import type { BackendEvent } from "../protocol/backend-event.js";
import { compareEventIds } from "../session/event-log.js";

/** An event on its way. */
export interface Waiting {
  readonly event: BackendEvent;
  readonly lane: Lane;
  /** Monotonic milliseconds. */
  readonly since: number;
  attempts: number;
}

/** Events that must arrive in order, those of one user for instance. One of them at a time is under way. */
interface Lane {
  readonly key: string;
  readonly waiting: Waiting[];
}

/** Keeps the events of a lane in order, and lets the lanes take turns. */
export class DeliveryQueue {
  readonly #most: number;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes whose next event may go, in the order of their turns. */
  readonly #ready = new Set<Lane>();
  /** All that wait, oldest first. */
  readonly #waiting = new Set<Waiting>();
  readonly #underWay = new Set<Waiting>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Events that have not arrived yet. */
  get size(): number {
    return this.#waiting.size;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  /** @returns the oldest event, if it had to make room */
  add(event: BackendEvent, since: number): Waiting | undefined {
    this.#append(event, since);
    return this.#makeRoom();
  }

  /**
   * Puts events among those that wait, in the order of the log; what is under way already goes on.
   *
   * @returns the oldest events, as many as had to make room
   */
  insert(events: readonly { event: BackendEvent; since: number }[]): Waiting[] {
    const lanes = new Set(events.map(({ event, since }) => this.#append(event, since).lane));
    for (const { waiting } of lanes) waiting.sort(inOrderOfTheLog);
    const all = [...this.#waiting].sort(inOrderOfTheLog);
    this.#waiting.clear();
    for (const waiting of all) this.#waiting.add(waiting);
    const dropped: Waiting[] = [];
    for (let oldest = this.#makeRoom(); oldest; oldest = this.#makeRoom()) dropped.push(oldest);
    return dropped;
  }

  /** Takes these out, unless they are under way. */
  remove(ids: ReadonlySet<string>): void {
    for (const waiting of this.#waiting) {
      if (ids.has(waiting.event.id) && !this.#underWay.has(waiting)) this.#remove(waiting);
    }
  }

  /** The next one to go. Its lane waits until {@link done}, or {@link putBack} and {@link release}. */
  take(): Waiting | undefined {
    const [lane] = this.#ready;
    const next = lane?.waiting[0];
    if (!lane || !next) return undefined;
    this.#ready.delete(lane);
    this.#underWay.add(next);
    return next;
  }

  /** It has arrived, or is given up. */
  done(waiting: Waiting): void {
    this.#underWay.delete(waiting);
    this.#remove(waiting);
    if (waiting.lane.waiting.length > 0) this.#ready.add(waiting.lane);
  }

  /** It has not arrived; its lane stands still. */
  putBack(waiting: Waiting): void {
    this.#underWay.delete(waiting);
  }

  /** A lane that stood still goes on. */
  release({ lane }: Waiting): void {
    if (lane.waiting.length > 0) this.#ready.add(lane);
  }

  #append(event: BackendEvent, since: number): Waiting {
    const key = laneOf(event);
    const known = this.#lanes.get(key);
    const lane = known ?? { key, waiting: [] };
    const waiting = { event, lane, since, attempts: 0 };
    lane.waiting.push(waiting);
    this.#waiting.add(waiting);
    if (!known) {
      this.#lanes.set(key, lane);
      this.#ready.add(lane);
    }
    return waiting;
  }

  #makeRoom(): Waiting | undefined {
    if (this.#waiting.size <= this.#most) return undefined;
    for (const waiting of this.#waiting) {
      if (this.#underWay.has(waiting)) continue;
      this.#remove(waiting);
      return waiting;
    }
    return undefined;
  }

  #remove(waiting: Waiting): void {
    const { lane } = waiting;
    this.#waiting.delete(waiting);
    lane.waiting.splice(lane.waiting.indexOf(waiting), 1);
    if (lane.waiting.length > 0) return;
    this.#lanes.delete(lane.key);
    this.#ready.delete(lane);
  }
}

function inOrderOfTheLog(one: Waiting, other: Waiting): number {
  return compareEventIds(one.event.id, other.event.id);
}

function laneOf({ callId, userId, roomId, nodeId }: BackendEvent): string {
  if (callId !== undefined) return `call ${callId}`;
  if (userId !== null) return `user ${userId}`;
  return roomId === null ? `node ${nodeId}` : `room ${roomId}`;
}
