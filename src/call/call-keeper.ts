import type { Clock } from "../kernel/clock.js";
import { Loop } from "../kernel/loop.js";
import { CALL_HOLD_MS, type CallRecord, type CallStore, type EndCondition } from "../session/call-store.js";

/** How often what the store could not be told is tried again. */
const INTERVAL_MS = 2_000;
/** Active calls are held so often that three attempts may fail. */
const HOLD_EVERY_MS = CALL_HOLD_MS / 4;

/** Goes round every few seconds: tells the store what it has missed, and that active calls are still held here. */
export class CallKeeper {
  readonly #clock: Clock;
  readonly #store: CallStore;
  readonly #held: () => CallRecord[];
  readonly #over: (callId: string) => void;
  readonly #tidy: () => void;
  readonly #loop: Loop;
  readonly #unfinished = new Map<string, { condition: EndCondition; done: (call: CallRecord | undefined) => void }>();
  readonly #doubtful = new Map<string, () => void>();
  #heldAt: number;

  constructor(options: {
    clock: Clock;
    store: CallStore;
    /** The active calls that live by this node. */
    held: () => CallRecord[];
    /** Told of those that are over. */
    over: (callId: string) => void;
    /** Called before each hold. */
    tidy: () => void;
    failed: (error: unknown) => void;
  }) {
    this.#clock = options.clock;
    this.#store = options.store;
    this.#held = options.held;
    this.#over = options.over;
    this.#tidy = options.tidy;
    this.#heldAt = this.#clock.mono();
    this.#loop = new Loop({
      clock: this.#clock,
      intervalMs: INTERVAL_MS,
      task: () => this.#round(),
      onError: options.failed,
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** The store could not be told: it will be. @param done told the call if it was this that ended it */
  finishLater(callId: string, condition: EndCondition, done: (call: CallRecord | undefined) => void): void {
    this.#unfinished.set(callId, { condition, done });
  }

  /**
   * It is not known what the store has made of a request, or how things stand.
   *
   * @param about a call known here, a session or the like: what is asked about it again is asked once
   */
  lookAgain(about: string, look: () => void): void {
    this.#doubtful.set(about, look);
  }

  /** Prolongs the calls that live by this node now. */
  async hold(): Promise<void> {
    this.#tidy();
    const calls = this.#held();
    this.#heldAt = this.#clock.mono();
    if (calls.length === 0) return;
    for (const callId of await this.#store.hold(calls)) this.#over(callId);
  }

  /** Ends with a last attempt to tell the store what it has missed. */
  async close(): Promise<void> {
    await this.#loop.close();
    if (this.#unfinished.size > 0) await this.#tellUnfinished().catch(() => undefined);
  }

  async #round(): Promise<void> {
    await this.#tellUnfinished();
    for (const [about, look] of this.#doubtful) {
      this.#doubtful.delete(about);
      look();
    }
    if (this.#clock.mono() - this.#heldAt >= HOLD_EVERY_MS) await this.hold();
  }

  async #tellUnfinished(): Promise<void> {
    for (const [callId, { condition, done }] of this.#unfinished) {
      const outcome = await this.#store.finish(callId, condition);
      this.#unfinished.delete(callId);
      done(outcome.kind === "finished" ? outcome.call : undefined);
    }
  }
}
