import { randomUUID } from "node:crypto";
import { Compile } from "typebox/compile";
import { NewBackendEvent, type BackendEvent } from "@lastseen/protocol";
import { inOrderOfIds, QUIET_MS, type EventLog, type EventPage, type TakenOver } from "../ports/event-log.js";
import type { RedisLink } from "./link.js";
import { list, text } from "./replies.js";
import { loadScript } from "./script.js";
import { readJson } from "./stored-text.js";

const APPEND = loadScript("event-append");
const AFTER = loadScript("events-after");
const ACKNOWLEDGE = loadScript("event-acknowledge");
const TAKE_OVER = loadScript("event-take-over");
const UNDELIVERED = loadScript("events-undelivered");

/**
 * Number of events that the log keeps: about 100 MB of Redis's memory. It is twice the number that may wait, so that dropped
 * events can still be read, and a dead node's events are kept although others come after them.
 */
export const KEPT = 200_000;
/** Number of events in one answer. Redis does nothing else while it collects them, so it is small. */
const PAGE = 500;

const eventCheck = Compile(NewBackendEvent);

export interface EventLogLimits {
  /** Approximate number of events that the log keeps. */
  kept?: number;
  /** Another node takes over the runs of a node without a lease that has appended nothing for this time, milliseconds. */
  quietMs?: number;
}

interface Entry {
  readonly id: string;
  /** Undefined when this version can't read it. */
  readonly event: NewBackendEvent | undefined;
  /** Whether the log still has it. */
  readonly isKept: boolean;
}

/** The events of all nodes, in a stream of Redis. Redis orders them as they arrive, and gives them their ids. */
export class RedisEventLog implements EventLog {
  readonly #link: RedisLink;
  readonly #nodeId: string;
  readonly #kept: number;
  readonly #quietMs: number;
  /** The run under which this process appends. It gets a new name when another node has taken the run over. */
  #run: string = randomUUID();
  /** The runs of the events that this process has to deliver, by their ids. */
  readonly #runOf = new Map<string, string>();

  constructor(link: RedisLink, nodeId: string, { kept = KEPT, quietMs = QUIET_MS }: EventLogLimits = {}) {
    this.#link = link;
    this.#nodeId = nodeId;
    this.#kept = kept;
    this.#quietMs = quietMs;
  }

  async append(events: readonly NewBackendEvent[]): Promise<readonly BackendEvent[]> {
    const last = events.at(-1);
    if (!last) return [];
    let run = this.#run;
    let reply = await this.#append(run, events, last.sequence);
    if (reply[0] === "lost") {
      run = this.#run = randomUUID();
      reply = await this.#append(run, events, last.sequence);
    }
    return events.map((event, index) => {
      const id = text(reply[index + 1]);
      this.#runOf.set(id, run);
      return { id, ...event };
    });
  }

  async read(after: string | undefined, limit: number): Promise<EventPage> {
    const entries = list(await this.#link.run(AFTER, [after ?? "-", limit + 1])).map(readEntry);
    const isKnown = after !== undefined && entries[0]?.id === after;
    const following = entries.slice(isKnown ? 1 : 0).slice(0, limit);
    return {
      events: following.flatMap(({ id, event }) => (event ? [{ id, ...event }] : [])),
      gap: after !== undefined && !isKnown,
      next: following.at(-1)?.id,
    };
  }

  async acknowledge(ids: readonly string[]): Promise<void> {
    const own = ids.flatMap((id) => {
      const run = this.#runOf.get(id);
      return run === undefined ? [] : [run, id];
    });
    if (own.length > 0) await this.#link.run(ACKNOWLEDGE, own);
    for (const id of ids) this.#runOf.delete(id);
  }

  async takeOver(dead: readonly string[]): Promise<TakenOver> {
    const runs = list(await this.#link.run(TAKE_OVER, [this.#nodeId, this.#quietMs, ...dead])).map((reply) => {
      const [run, nodeId] = list(reply).map(text);
      return { run: text(run), isOwn: nodeId === this.#nodeId };
    });
    const left: (Entry & { run: string })[] = [];
    for (const { run, isOwn } of runs) {
      if (!isOwn || run === this.#run) continue;
      left.push(...(await this.#undelivered(run)).filter(({ id }) => !this.#runOf.has(id)));
    }
    const forgotten = left.filter(({ isKept }) => !isKept);
    const lost = forgotten.flatMap(({ run, id }) => [run, id]);
    if (lost.length > 0) await this.#link.run(ACKNOWLEDGE, lost);
    const events: BackendEvent[] = [];
    for (const { run, id, event } of left) {
      // A node of the version that wrote this event can read and deliver it.
      if (!event) continue;
      this.#runOf.set(id, run);
      events.push({ id, ...event });
    }
    return {
      events: inOrderOfIds(events),
      forgotten: forgotten.map(({ id }) => id),
      taken: this.#letGo(new Set(runs.flatMap(({ run, isOwn }) => (isOwn ? [] : [run])))),
    };
  }

  async #append(run: string, events: readonly NewBackendEvent[], last: number): Promise<readonly unknown[]> {
    const lines = events.map((event) => JSON.stringify(event));
    return list(await this.#link.run(APPEND, [this.#kept, run, this.#nodeId, last, ...lines]));
  }

  /**
   * Forgets the runs that another node delivers by now.
   *
   * @returns the ids of their events that this process had to deliver
   */
  #letGo(runs: ReadonlySet<string>): string[] {
    // The run can come back to this node later. Then this process reads it like any other run.
    if (runs.has(this.#run)) this.#run = randomUUID();
    const taken = [...this.#runOf].flatMap(([id, run]) => (runs.has(run) ? [id] : []));
    for (const id of taken) this.#runOf.delete(id);
    return taken;
  }

  async #undelivered(run: string): Promise<(Entry & { run: string })[]> {
    const entries: (Entry & { run: string })[] = [];
    let after = "";
    for (let full = true; full;) {
      const page = list(await this.#link.run(UNDELIVERED, [run, after, PAGE])).map(readEntry);
      entries.push(...page.map((entry) => ({ ...entry, run })));
      after = page.at(-1)?.id ?? "";
      full = page.length === PAGE;
    }
    return entries;
  }
}

function readEntry(entry: unknown): Entry {
  const [id, fields] = list(entry);
  const [, line] = list(fields);
  const event: unknown = line === undefined ? undefined : readJson(text(line));
  return { id: text(id), event: eventCheck.Check(event) ? event : undefined, isKept: line !== undefined };
}
