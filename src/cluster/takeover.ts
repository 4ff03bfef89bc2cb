import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { Directory, NodeView, SessionEntry } from "../ports/directory.js";
import { leaseId, type LeaseId, type LeaseKey } from "../ports/lease-id.js";
import type { ClusterEvents } from "./events.js";

/** So many sessions are moved by one script, and the rest of the last room. Redis does nothing else while it runs. */
const SLICE = 200;
/**
 * So many slices the store moves while this node adopts one. The clients of the dead node come back at the same time, so a turn of the event
 * loop is long: a takeover that needs several turns for each slice would make them wait.
 */
const AHEAD = 4;
/**
 * A node that has its share of the sessions waits for so long, and then takes what is left: the nodes learn of a death within some seconds
 * of each other, and the first one would get nearly everything.
 */
const OTHERS_TAKE_MS = 3_000;
/** After so many milliseconds of adopting, everything else in the process gets its turn of the event loop. */
const MOST_IN_A_TURN_MS = 20;

type Slice = Awaited<ReturnType<Directory["takeOver"]>>;

/** Why a takeover asks for no more. `refused`: the dead node is alive, or this node has lost its own lease. */
type End = { result: "completed" } | { result: "failed"; error: unknown } | { result: "refused" };

/** What one takeover has done. */
interface Progress {
  readonly nodeId: string;
  /** How many were adopted, and how many of them could not go on in their rooms. */
  sessions: number;
  lost: number;
  /** How long it has adopted since the event loop had its last turn. */
  adoptingMs: number;
}

/**
 * Takes over what dead nodes held, slice by slice. The other survivors do the same at the same time. While this node adopts a
 * slice, the store moves the next ones.
 */
export class Takeover {
  readonly #clock: Clock;
  readonly #directory: Directory;
  readonly #events: Emitter<ClusterEvents>;
  readonly #adopt: (entries: readonly SessionEntry[], fromNodeId: string) => Promise<number>;
  readonly #running = new Map<LeaseId, Promise<void>>();
  /** Ends the waits for other nodes. */
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(options: {
    clock: Clock;
    directory: Directory;
    events: Emitter<ClusterEvents>;
    /** Opens the sessions on this node; returns the number of those that could not go on in their rooms. */
    adopt: (entries: readonly SessionEntry[], fromNodeId: string) => Promise<number>;
  }) {
    this.#clock = options.clock;
    this.#directory = options.directory;
    this.#events = options.events;
    this.#adopt = options.adopt;
  }

  get isRunning(): boolean {
    return this.#running.size > 0;
  }

  /**
   * Begins to take over the leases that this node does not take over already.
   *
   * @param takers how many nodes take over, this one included
   */
  begin(dead: readonly NodeView[], takers: number): void {
    for (const node of dead) {
      const lease = leaseId(node);
      if (this.#closed || this.#running.has(lease)) continue;
      const running = this.#takeOver(node, takers).finally(() => this.#running.delete(lease));
      this.#running.set(lease, running);
    }
  }

  /** Begins no new slice; resolves when the slices under way have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const goOn of this.#waiting) goOn();
    await Promise.all(this.#running.values());
  }

  async #takeOver({ nodeId, epoch, sessions: held }: NodeView, takers: number): Promise<void> {
    this.#events.emit("taking_over", { nodeId });
    const done: Progress = { nodeId, sessions: 0, lost: 0, adoptingMs: 0 };
    const asked: Promise<Slice>[] = [];
    let share = Math.max(Math.ceil(held / takers), 1);
    let end: End | undefined;
    const mayAsk = (): boolean => asked.length < AHEAD && done.sessions + asked.length * SLICE < share;
    for (;;) {
      if (!end) while (mayAsk()) asked.push(this.#ask({ nodeId, epoch }));
      const next = asked.shift();
      if (next) {
        // What the store has moved to this node is adopted, whatever becomes of the other slices.
        const outcome = await this.#adoptSlice(next, done);
        if (end?.result !== "failed") end = outcome ?? end;
      } else if (end) {
        break;
      } else {
        await this.#letOthersTake();
        share = Infinity;
        if (this.#closed) end = { result: "completed" };
      }
    }
    const { sessions, lost } = done;
    if (end.result !== "refused") this.#events.emit("taken_over", { nodeId, sessions, lost, ...end });
  }

  #ask(lease: LeaseKey): Promise<Slice> {
    const slice = this.#directory.takeOver(lease, SLICE);
    // It is awaited when those before it are adopted.
    slice.catch(() => undefined);
    return slice;
  }

  /** @returns why no more is to be asked for; undefined when there is more */
  async #adoptSlice(asked: Promise<Slice>, done: Progress): Promise<End | undefined> {
    try {
      const slice = await asked;
      if (slice.kind !== "taken") return { result: "refused" };
      const began = this.#clock.mono();
      done.lost += await this.#adopt(slice.sessions, done.nodeId);
      done.sessions += slice.sessions.length;
      done.adoptingMs += this.#clock.mono() - began;
      if (done.adoptingMs >= MOST_IN_A_TURN_MS) {
        await this.#clock.pollPhase();
        done.adoptingMs = 0;
      }
      return slice.more && !this.#closed ? undefined : { result: "completed" };
    } catch (error) {
      return { result: "failed", error };
    }
  }

  #letOthersTake(): Promise<void> {
    return new Promise((resolve) => {
      const goOn = (): void => {
        timer.cancel();
        this.#waiting.delete(goOn);
        resolve();
      };
      const timer = this.#clock.after(OTHERS_TAKE_MS, goOn);
      this.#waiting.add(goOn);
    });
  }
}
