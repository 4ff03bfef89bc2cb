/**
 * The hellos that wait for their sessions. For some seconds nobody has the sessions of a node that has died: the other nodes take
 * them over when its lease has run out. To turn a client away meanwhile costs it and this node a new connection each time.
 *
 *     wait --this node has adopted the session---------------------------------------> "here"
 *      |----another node has it, its node has renewed its lease, or it has ended-----> "placed", with its place
 *      |----the time is up-----------------------------------------------------------> "late"
 *      `----a later hello asks for the same session----------------------------------> "late"
 *
 * A client says hello on a new socket when the one before is dead, which this node may not know yet. So the latest hello gets the session.
 */
import type { Clock, Timer } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { LEASE_MS, type PlacedSession } from "../ports/directory.js";
import type { LifecycleEvents } from "../session/events.js";

/** How often the store is asked where the sessions are. */
const LOOK_MS = 500;
/** So many sessions are asked for together. */
const PAGE = 200;
/** So many questions wait for their answers at the same time: while clients come back a turn of the event loop is long. */
const AT_ONCE = 8;
/**
 * So many hellos are answered before the event loop gets its turn again. Node accepts one connection in each turn, so when a takeover
 * answers all at once, nobody else gets in.
 */
const ANSWERED_IN_A_TURN = 5;
/** A lease that is not good for longer has missed a renewal: its node is dead, cut off, or stands still. */
const OVERDUE_MS = LEASE_MS / 2;
/** Nobody takes over before a lease has run out for so long. See `TAKEOVER_AFTER_MS` in `cluster/membership.ts`. */
const NOBODY_BEFORE_MS = 3_500;

/** Where a session is that this node does not hold. */
export type Whereabouts = Pick<
  PlacedSession,
  "nodeId" | "url" | "leaseLeftMs" | "expired" | "tokenHash" | "earlierTokenHash"
>;

export type WaitOutcome = { kind: "here" } | { kind: "placed"; place: Whereabouts | undefined } | { kind: "late" };

interface Waiting {
  readonly sessionId: string;
  readonly end: (outcome: WaitOutcome) => void;
}

/** The hellos whose sessions one node holds, or did hold. */
interface Group {
  readonly hellos: Set<Waiting>;
  /** Until then one session tells of all, because they can't move yet. Monotonic milliseconds. */
  readonly moveFrom: number;
}

export class AwaitedSessions {
  readonly #clock: Clock;
  readonly #nodeId: string;
  readonly #find: (sessionIds: readonly string[]) => Promise<readonly (Whereabouts & { sessionId: string })[]>;
  readonly #unfollow: () => void;
  readonly #groups = new Map<string, Group>();
  readonly #bySession = new Map<string, Waiting>();
  /** Answers of waits that have ended. */
  #answers: (() => void)[] = [];
  #answering: Promise<void> | undefined;
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;
  #closed = false;

  /** @param parts `nodeId`: of this node. `find`: where sessions are; leaves out those that are nowhere */
  constructor(parts: {
    clock: Clock;
    nodeId: string;
    events: Emitter<LifecycleEvents>;
    find: (sessionIds: readonly string[]) => Promise<readonly (Whereabouts & { sessionId: string })[]>;
  }) {
    this.#clock = parts.clock;
    this.#nodeId = parts.nodeId;
    this.#find = parts.find;
    this.#unfollow = parts.events.on("adopted", ({ session }) => {
      this.#bySession.get(session.id)?.end({ kind: "here" });
    });
  }

  /** Number of hellos that wait. */
  get size(): number {
    return this.#bySession.size;
  }

  /** Whether the node that holds the session seems dead, so that others will take it over. */
  isOverdue({ nodeId, leaseLeftMs }: Whereabouts): boolean {
    return nodeId !== this.#nodeId && leaseLeftMs < OVERDUE_MS;
  }

  /** Resolves when the session is somewhere, after `limitMs`, or when a later hello waits for the same session. Never rejects. */
  wait(sessionId: string, { nodeId, leaseLeftMs }: Whereabouts, limitMs: number): Promise<WaitOutcome> {
    if (this.#closed || limitMs <= 0) return Promise.resolve({ kind: "late" });
    this.#bySession.get(sessionId)?.end({ kind: "late" });
    return new Promise((resolve) => {
      const timer = this.#clock.after(limitMs, () => waiting.end({ kind: "late" }));
      const waiting: Waiting = {
        sessionId,
        end: (outcome) => {
          timer.cancel();
          this.#remove(nodeId, waiting);
          this.#answerLater(() => resolve(outcome));
        },
      };
      const quietMs = leaseLeftMs > 0 ? leaseLeftMs + NOBODY_BEFORE_MS : 0;
      const group = this.#groups.get(nodeId) ?? { hellos: new Set(), moveFrom: this.#clock.mono() + quietMs };
      this.#groups.set(nodeId, group);
      group.hellos.add(waiting);
      this.#bySession.set(sessionId, waiting);
      this.#lookLater();
    });
  }

  /** Ends all waits. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unfollow();
    this.#timer?.cancel();
    for (const waiting of this.#bySession.values()) waiting.end({ kind: "late" });
    await this.#looking;
    await this.#answering;
  }

  #answerLater(answer: () => void): void {
    this.#answers.push(answer);
    this.#answering ??= this.#answerAll();
  }

  async #answerAll(): Promise<void> {
    while (this.#answers.length > 0) {
      for (const answer of this.#answers.splice(0, this.#closed ? Infinity : ANSWERED_IN_A_TURN)) answer();
      await this.#clock.pollPhase();
    }
    this.#answering = undefined;
  }

  #remove(nodeId: string, waiting: Waiting): void {
    const hellos = this.#groups.get(nodeId)?.hellos;
    hellos?.delete(waiting);
    if (hellos?.size === 0) this.#groups.delete(nodeId);
    if (this.#bySession.get(waiting.sessionId) === waiting) this.#bySession.delete(waiting.sessionId);
  }

  #lookLater(): void {
    if (this.#closed || this.#timer || this.#looking || this.#groups.size === 0) return;
    this.#timer = this.#clock.after(LOOK_MS, () => {
      this.#timer = undefined;
      this.#looking = this.#look().finally(() => {
        this.#looking = undefined;
        this.#lookLater();
      });
    });
  }

  async #look(): Promise<void> {
    for (const { hellos, moveFrom } of this.#groups.values()) {
      const all = [...hellos];
      const mayMove = this.#clock.mono() >= moveFrom;
      if (!mayMove && !(await this.#ask(all.slice(0, 1)))) continue;
      await this.#askAll(all.slice(mayMove ? 0 : 1));
    }
  }

  async #askAll(hellos: readonly Waiting[]): Promise<void> {
    let next = 0;
    const line = async (): Promise<void> => {
      for (let from = next; from < hellos.length && !this.#closed; from = next) {
        next += PAGE;
        await this.#ask(hellos.slice(from, next));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, line));
  }

  /** Ends those waits whose sessions are somewhere. Never rejects. @returns whether there was one */
  async #ask(hellos: readonly Waiting[]): Promise<boolean> {
    const found = await this.#find(hellos.map(({ sessionId }) => sessionId)).catch(() => undefined);
    if (!found) return false;
    const places = new Map(found.map((place) => [place.sessionId, place]));
    let ended = false;
    for (const { sessionId, end } of hellos) {
      const place = places.get(sessionId);
      // One that the store has moved to this node is adopted in a moment.
      if (place && (place.nodeId === this.#nodeId || this.isOverdue(place))) continue;
      end({ kind: "placed", place });
      ended = true;
    }
    return ended;
  }
}
