import type { BackendEvent } from "@lastseen/protocol";
import { Fifo } from "../kernel/fifo.js";
import { OrderedSet } from "../kernel/ordered-set.js";
import { compareEventIds, eventIdOf, type EventId } from "../ports/event-log.js";

/** An event that waits or is being sent. */
export interface Waiting {
  readonly event: BackendEvent;
  readonly id: EventId;
  readonly partition: Partition;
  /** Since when it waits, monotonic milliseconds. */
  readonly since: number;
  /** Attempts that the backend has not taken. */
  attempts: number;
  /** A request with this event may have so many events. It falls when the backend does not take a request with this event. */
  together: number;
  /** Whether the backend has refused it when it was alone in its request. */
  isRefused: boolean;
}

/** Events that go to the backend in one request. Those of one partition are in order. */
export type Batch = readonly Waiting[];

/** Events that must arrive in order, for example those of one user. Only one request at a time has events of a partition. */
interface Partition {
  readonly key: string;
  /** Without the events that are being sent. In the order of the log. */
  readonly waiting: Fifo<Waiting>;
  /** Whether its events are being sent, or must wait until {@link DeliveryQueue.release}. */
  isBusy: boolean;
}

/**
 * Keeps the events of each partition in order, and lets the partitions take turns. Every step costs O(1) for each event that
 * it adds, takes or drops. Only {@link DeliveryQueue.insert} and {@link DeliveryQueue.remove} look at all events.
 */
export class DeliveryQueue {
  readonly #most: number;
  readonly #partitions = new Map<string, Partition>();
  /** Partitions whose next events may be sent, in the order of their turns. */
  readonly #ready = new OrderedSet<Partition>();
  /** Events that wait, the oldest first; without those that were put back. */
  readonly #fresh = new OrderedSet<Waiting>();
  /** Events that were put back. Most of them are older than the fresh ones. */
  readonly #returned = new OrderedSet<Waiting>();
  #underWay = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** The number of events that the backend has not taken yet. */
  get size(): number {
    return this.#fresh.size + this.#returned.size + this.#underWay;
  }

  /** @returns the event that was dropped to make room, if there was too little */
  add(event: BackendEvent, since: number): Waiting | undefined {
    const waiting = this.#append(event, since);
    this.#fresh.add(waiting);
    return this.#makeRoom();
  }

  /**
   * Puts events among the waiting ones, in the order of the log. Events that are being sent are not affected.
   *
   * @returns the events that were dropped to make room, if there was too little
   */
  insert(events: readonly { event: BackendEvent; since: number }[]): Waiting[] {
    const added = events.map(({ event, since }) => this.#append(event, since));
    for (const { waiting } of new Set(added.map(({ partition }) => partition))) {
      waiting.replace([...waiting].toSorted(inOrderOfTheLog));
    }
    const all = [...this.#returned, ...this.#fresh, ...added].toSorted(inOrderOfTheLog);
    this.#returned.clear();
    this.#fresh.clear();
    for (const waiting of all) this.#fresh.add(waiting);
    const dropped: Waiting[] = [];
    for (let each = this.#makeRoom(); each; each = this.#makeRoom()) dropped.push(each);
    return dropped;
  }

  /** Removes these events, unless they are being sent. */
  remove(ids: ReadonlySet<string>): void {
    if (ids.size === 0) return;
    const removed = [...this.#returned, ...this.#fresh].filter(({ event }) => ids.has(event.id));
    for (const waiting of removed) this.#forget(waiting);
    for (const partition of new Set(removed.map((each) => each.partition))) {
      partition.waiting.replace([...partition.waiting].filter(({ event }) => !ids.has(event.id)));
      this.#tidy(partition);
    }
  }

  /**
   * Takes the next events to send, at most so many. Their partitions wait until {@link release}. Before that, each of the
   * events is {@link done} or {@link putBack}.
   *
   * @returns undefined when no event may be sent now
   */
  take(most: number): Batch | undefined {
    const batch: Waiting[] = [];
    let limit = most;
    for (let partition = this.#ready.first; partition; partition = this.#ready.first) {
      limit = this.#move(partition, batch, limit);
      // The request is full, or the partition's first event may not be together with so many others. It keeps its turn.
      if (!partition.isBusy) break;
      this.#ready.delete(partition);
    }
    this.#underWay += batch.length;
    return batch.length > 0 ? batch : undefined;
  }

  /** The events were delivered or dropped. */
  done(events: Batch): void {
    this.#underWay -= events.length;
  }

  /** The events were not delivered. They are the first ones of their partitions again. */
  putBack(events: Batch): void {
    this.#underWay -= events.length;
    const byPartition = new Map<Partition, Waiting[]>();
    for (const event of events) {
      this.#returned.add(event);
      const others = byPartition.get(event.partition);
      if (others) others.push(event);
      else byPartition.set(event.partition, [event]);
    }
    // Older events can have been inserted in the meantime.
    for (const [{ waiting }, back] of byPartition) waiting.replace([...back, ...waiting].toSorted(inOrderOfTheLog));
  }

  /** The partitions of these events may go on. */
  release(events: Batch): void {
    for (const { partition } of events) {
      partition.isBusy = false;
      this.#tidy(partition);
    }
  }

  #append(event: BackendEvent, since: number): Waiting {
    const key = partitionOf(event);
    let partition = this.#partitions.get(key);
    if (!partition) this.#partitions.set(key, (partition = { key, waiting: new Fifo(), isBusy: false }));
    const id = eventIdOf(event.id);
    const waiting = { event, id, partition, since, attempts: 0, together: Infinity, isRefused: false };
    partition.waiting.push(waiting);
    this.#tidy(partition);
    return waiting;
  }

  /**
   * Moves the partition's first events to the batch, as many as may be in it.
   *
   * @param limit how many events the batch may have
   * @returns how many events the batch may have now
   */
  #move(partition: Partition, batch: Waiting[], limit: number): number {
    let allowed = limit;
    for (let next = partition.waiting.first; next; next = partition.waiting.first) {
      const together = Math.min(allowed, next.together);
      if (batch.length >= together) break;
      allowed = together;
      partition.waiting.shift();
      this.#forget(next);
      batch.push(next);
      partition.isBusy = true;
    }
    return allowed;
  }

  /** Drops the first event of the partition that has about the oldest event, so that no event overtakes another. */
  #makeRoom(): Waiting | undefined {
    if (this.size <= this.#most) return undefined;
    const partition = (this.#returned.first ?? this.#fresh.first)?.partition;
    const dropped = partition?.waiting.shift();
    if (!partition || !dropped) return undefined;
    this.#forget(dropped);
    this.#tidy(partition);
    return dropped;
  }

  #forget(waiting: Waiting): void {
    if (!this.#returned.delete(waiting)) this.#fresh.delete(waiting);
  }

  /** Lets the partition wait for its turn, or removes it when it has no event. */
  #tidy(partition: Partition): void {
    if (partition.isBusy) return;
    if (partition.waiting.size > 0) {
      this.#ready.add(partition);
    } else {
      this.#ready.delete(partition);
      this.#partitions.delete(partition.key);
    }
  }
}

function inOrderOfTheLog(one: Waiting, other: Waiting): number {
  return compareEventIds(one.id, other.id);
}

function partitionOf({ callId, userId, roomId, nodeId }: BackendEvent): string {
  if (callId !== undefined) return `call ${callId}`;
  if (userId !== null) return `user ${userId}`;
  return roomId === null ? `node ${nodeId}` : `room ${roomId}`;
}
