import type { BackendEvent } from "@lastseen/protocol";
import { compareEventIds } from "../ports/event-log.js";

/** An event that waits or is being sent. */
export interface Waiting {
  readonly event: BackendEvent;
  readonly partition: Partition;
  /** Since when it waits, monotonic milliseconds. */
  readonly since: number;
  attempts: number;
}

/** Events that must arrive in order, for example those of one user. Only one of them is sent at a time. */
interface Partition {
  readonly key: string;
  readonly waiting: Waiting[];
}

/** Keeps the events of each partition in order, and lets the partitions take turns. */
export class DeliveryQueue {
  readonly #most: number;
  readonly #partitions = new Map<string, Partition>();
  /** Partitions whose next event may be sent, in the order of their turns. */
  readonly #ready = new Set<Partition>();
  /** All events, the oldest first. */
  readonly #waiting = new Set<Waiting>();
  readonly #underWay = new Set<Waiting>();

  constructor(most: number) {
    this.#most = most;
  }

  /** The number of events that the backend has not taken yet. */
  get size(): number {
    return this.#waiting.size;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  /** @returns the oldest event, if it was dropped to make room */
  add(event: BackendEvent, since: number): Waiting | undefined {
    this.#append(event, since);
    return this.#makeRoom();
  }

  /**
   * Puts events among the waiting ones, in the order of the log. Events that are being sent are not affected.
   *
   * @returns the oldest events, as many as were dropped to make room
   */
  insert(events: readonly { event: BackendEvent; since: number }[]): Waiting[] {
    const partitions = new Set(events.map(({ event, since }) => this.#append(event, since).partition));
    for (const { waiting } of partitions) waiting.sort(inOrderOfTheLog);
    const all = [...this.#waiting].sort(inOrderOfTheLog);
    this.#waiting.clear();
    for (const waiting of all) this.#waiting.add(waiting);
    const dropped: Waiting[] = [];
    for (let oldest = this.#makeRoom(); oldest; oldest = this.#makeRoom()) dropped.push(oldest);
    return dropped;
  }

  /** Removes these events, unless they are being sent. */
  remove(ids: ReadonlySet<string>): void {
    for (const waiting of this.#waiting) {
      if (ids.has(waiting.event.id) && !this.#underWay.has(waiting)) this.#remove(waiting);
    }
  }

  /** The next event to send. Its partition waits until {@link done}, or until {@link putBack} and {@link release}. */
  take(): Waiting | undefined {
    const [partition] = this.#ready;
    const next = partition?.waiting[0];
    if (!partition || !next) return undefined;
    this.#ready.delete(partition);
    this.#underWay.add(next);
    return next;
  }

  /** The event was delivered or dropped. */
  done(waiting: Waiting): void {
    this.#underWay.delete(waiting);
    this.#remove(waiting);
    if (waiting.partition.waiting.length > 0) this.#ready.add(waiting.partition);
  }

  /** The event was not delivered. Its partition waits until {@link release}. */
  putBack(waiting: Waiting): void {
    this.#underWay.delete(waiting);
  }

  /** The partition of this event may go on. */
  release({ partition }: Waiting): void {
    if (partition.waiting.length > 0) this.#ready.add(partition);
  }

  #append(event: BackendEvent, since: number): Waiting {
    const key = partitionOf(event);
    const known = this.#partitions.get(key);
    const partition = known ?? { key, waiting: [] };
    const waiting = { event, partition, since, attempts: 0 };
    partition.waiting.push(waiting);
    this.#waiting.add(waiting);
    if (!known) {
      this.#partitions.set(key, partition);
      this.#ready.add(partition);
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
    const { partition } = waiting;
    this.#waiting.delete(waiting);
    partition.waiting.splice(partition.waiting.indexOf(waiting), 1);
    if (partition.waiting.length > 0) return;
    this.#partitions.delete(partition.key);
    this.#ready.delete(partition);
  }
}

function inOrderOfTheLog(one: Waiting, other: Waiting): number {
  return compareEventIds(one.event.id, other.event.id);
}

function partitionOf({ callId, userId, roomId, nodeId }: BackendEvent): string {
  if (callId !== undefined) return `call ${callId}`;
  if (userId !== null) return `user ${userId}`;
  return roomId === null ? `node ${nodeId}` : `room ${roomId}`;
}
