import type { BackendEvent, NewBackendEvent } from "@lastseen/protocol";
import { inOrderOfIds, QUIET_MS, type EventLog, type EventPage, type TakenOver } from "../ports/event-log.js";
import type { MemoryEvents, Run } from "./memory-events.js";

/** One process's access to {@link MemoryEvents}. */
export class MemoryEventLog implements EventLog {
  readonly #events: MemoryEvents;
  readonly #nodeId: string;
  #run: Run | undefined;
  /** The runs of the events that this process has to deliver, by their ids. */
  readonly #runOf = new Map<string, Run>();

  constructor(events: MemoryEvents, nodeId: string) {
    this.#events = events;
    this.#nodeId = nodeId;
  }

  async append(events: readonly NewBackendEvent[]): Promise<readonly BackendEvent[]> {
    const last = events.at(-1);
    if (!last) return [];
    const run = this.#openRun();
    if (last.sequence <= run.last) return run.batch;
    run.last = last.sequence;
    run.batch = this.#events.append(events);
    run.appendedAt = this.#events.store.clock.mono();
    for (const { id } of run.batch) {
      run.undelivered.add(id);
      this.#runOf.set(id, run);
    }
    return run.batch;
  }

  async read(after: string | undefined, limit: number): Promise<EventPage> {
    const { events, isKept } = this.#events.after(after, limit);
    return { events, gap: after !== undefined && !isKept, next: events.at(-1)?.id };
  }

  async acknowledge(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#forget(id);
  }

  async takeOver(dead: readonly string[]): Promise<TakenOver> {
    if (this.#holdsLease(this.#nodeId)) this.#claim(new Set(dead));
    const taken = [...this.#runOf].flatMap(([id, run]) => (run.nodeId === this.#nodeId ? [] : [id]));
    for (const id of taken) this.#runOf.delete(id);
    // The run can come back to this node later. Then this process reads it like any other run.
    if (this.#run?.nodeId !== this.#nodeId) this.#run = undefined;
    const events: BackendEvent[] = [];
    const forgotten: string[] = [];
    for (const run of this.#events.runs) {
      if (run.nodeId !== this.#nodeId || run === this.#run) continue;
      for (const id of run.undelivered) {
        if (this.#runOf.has(id)) continue;
        this.#runOf.set(id, run);
        const event = this.#events.find(id);
        if (event) events.push(event);
        else forgotten.push(id);
      }
    }
    for (const id of forgotten) this.#forget(id);
    return { events: inOrderOfIds(events), forgotten, taken };
  }

  #forget(id: string): void {
    const run = this.#runOf.get(id);
    this.#runOf.delete(id);
    run?.undelivered.delete(id);
    if (run?.undelivered.size === 0) this.#events.runs.delete(run);
  }

  /** The run of this process. Begins a new run when another node delivers the old one, or when all of it is delivered. */
  #openRun(): Run {
    if (this.#run?.nodeId !== this.#nodeId || !this.#events.runs.has(this.#run)) {
      this.#run = { nodeId: this.#nodeId, last: 0, batch: [], appendedAt: 0, undelivered: new Set() };
      this.#events.runs.add(this.#run);
    }
    return this.#run;
  }

  /** Takes over the runs of nodes that are gone, and claims their leases. */
  #claim(named: ReadonlySet<string>): void {
    const { leases, clock } = this.#events.store;
    for (const run of this.#events.runs) {
      const own = [...leases].filter(({ nodeId }) => nodeId === run.nodeId);
      const isGone =
        own.length > 0
          ? named.has(run.nodeId) && !this.#holdsLease(run.nodeId)
          : clock.mono() - run.appendedAt >= QUIET_MS;
      if (!isGone || run.nodeId === this.#nodeId) continue;
      run.nodeId = this.#nodeId;
      for (const lease of own) lease.claimed = true;
    }
  }

  #holdsLease(nodeId: string): boolean {
    const { store } = this.#events;
    return [...store.leases].some((lease) => lease.nodeId === nodeId && !lease.claimed && !store.isExpired(lease));
  }
}
