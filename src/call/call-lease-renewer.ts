import type { Clock, Timer } from "../kernel/clock.js";
import { Loop } from "../kernel/loop.js";
import { CALL_HOLD_MS, type CallRecord, type CallStore, type EndCondition } from "../ports/call-store.js";

/** After this time what the store could not be told, or asked, is tried again. */
const AGAIN_MS = 2_000;
/** Active calls are held so often that three attempts may fail. */
const HOLD_EVERY_MS = CALL_HOLD_MS / 4;

/** Tells the store that active calls are still held here, and what it has missed; with nothing to tell, it does not wake. */
export class CallLeaseRenewer {
  readonly #clock: Clock;
  readonly #store: CallStore;
  readonly #held: () => CallRecord[];
  readonly #over: (callId: string) => void;
  readonly #revived: (calls: readonly CallRecord[]) => void;
  readonly #tidy: () => void;
  readonly #failed: (error: unknown) => void;
  readonly #holding: Loop;
  readonly #unfinished = new Map<string, { condition: EndCondition; done: (call: CallRecord | undefined) => void }>();
  readonly #doubtful = new Map<string, () => void>();
  /** When the store was last told, monotonic milliseconds. */
  #heldAt: number;
  #again: Timer | undefined;
  #trying: Promise<void> | undefined;
  #closed = false;

  constructor(options: {
    clock: Clock;
    store: CallStore;
    /** The active calls that live by this node. */
    held: () => CallRecord[];
    /** Told of those that are over. */
    over: (callId: string) => void;
    /** Told of calls that were not held for so long that the store may have taken them for over meanwhile. */
    revived: (calls: readonly CallRecord[]) => void;
    /** Called before each hold. */
    tidy: () => void;
    failed: (error: unknown) => void;
  }) {
    this.#clock = options.clock;
    this.#store = options.store;
    this.#held = options.held;
    this.#over = options.over;
    this.#revived = options.revived;
    this.#tidy = options.tidy;
    this.#failed = options.failed;
    this.#heldAt = this.#clock.mono();
    this.#holding = new Loop({
      clock: this.#clock,
      intervalMs: HOLD_EVERY_MS,
      task: () => this.hold(),
      onError: this.#failed,
    });
  }

  start(): void {
    this.#holding.start();
  }

  /** The store could not be told: it will be. @param done told the call if it was this that ended it */
  finishLater(callId: string, condition: EndCondition, done: (call: CallRecord | undefined) => void): void {
    this.#unfinished.set(callId, { condition, done });
    this.#tryLater();
  }

  /**
   * It is not known what the store has made of a request, or how things stand.
   *
   * @param about a call known here, a session or the like: what is asked about it again is asked once
   */
  lookAgain(about: string, look: () => void): void {
    this.#doubtful.set(about, look);
    this.#tryLater();
  }

  /** Prolongs the calls that live by this node now. */
  async hold(): Promise<void> {
    this.#tidy();
    const calls = this.#held();
    const over = calls.length > 0 ? await this.#store.hold(calls) : [];
    const now = this.#clock.mono();
    const isLate = now - this.#heldAt > 2 * HOLD_EVERY_MS;
    this.#heldAt = now;
    for (const callId of over) this.#over(callId);
    if (isLate) this.#revived(calls);
  }

  /** Ends with a last attempt to tell the store what it has missed. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#again?.cancel();
    await this.#trying;
    await this.#holding.close();
    if (this.#unfinished.size > 0) await this.#tellUnfinished().catch(() => undefined);
  }

  /** One attempt at a time, as long as there is something to tell or to ask. */
  #tryLater(): void {
    if (this.#closed || this.#again || this.#trying) return;
    this.#again = this.#clock.after(AGAIN_MS, () => {
      this.#again = undefined;
      this.#trying = this.#try().finally(() => {
        this.#trying = undefined;
        if (this.#unfinished.size + this.#doubtful.size > 0) this.#tryLater();
      });
    });
  }

  async #try(): Promise<void> {
    try {
      await this.#tellUnfinished();
    } catch (error) {
      this.#failed(error);
      return;
    }
    for (const [about, look] of this.#doubtful) {
      this.#doubtful.delete(about);
      look();
    }
  }

  async #tellUnfinished(): Promise<void> {
    for (const [callId, { condition, done }] of this.#unfinished) {
      const outcome = await this.#store.finish(callId, condition);
      this.#unfinished.delete(callId);
      done(outcome.kind === "finished" ? outcome.call : undefined);
    }
  }
}
