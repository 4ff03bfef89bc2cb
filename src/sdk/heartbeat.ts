import type { Timers } from "./environment.js";

/** What a ping may tell about the page. */
export type Visibility = "visible" | "hidden" | "frozen";

/** The heartbeat, byte for byte as the service answers it without parsing. */
const PING = '{"type":"ping"}';
/** How long a pong may take after the page may have slept. */
const WAKE_PONG_MS = 5_000;
const PONG_MS = 10_000;
/** A timer that fires later than this was held up, and so was perhaps the pong. */
const LATE_MS = 1_000;
/** Signals of one awakening (visible, focus, online) come together: one ping tells it. */
const SAME_MOMENT_MS = 500;

/**
 * Says "still here" at the service's interval and watches that the service says so too. It answers nothing by itself: its
 * owner tells it what was heard and closes the line when it has gone {@link Heartbeat.onSilent | silent}.
 */
export class Heartbeat {
  readonly #timers: Timers;
  readonly #send: (text: string) => void;
  readonly #onSilent: () => void;
  #intervalMs = 0;
  #beatTimer: unknown;
  #pongTimer: unknown;
  #sentAt = -Infinity;
  #awaiting = false;
  #secondChance = true;

  /** @param onSilent no answer came: the line is dead */
  constructor(timers: Timers, send: (text: string) => void, onSilent: () => void) {
    this.#timers = timers;
    this.#send = send;
    this.#onSilent = onSilent;
  }

  /** @param intervalMs as the service told it */
  start(intervalMs: number): void {
    this.stop();
    this.#intervalMs = intervalMs;
    this.#schedule();
  }

  stop(): void {
    this.#timers.clear(this.#beatTimer);
    this.#settle();
    this.#intervalMs = 0;
    this.#sentAt = -Infinity;
  }

  /** Pings now. With `visibility` it tells the service how the page is. */
  beat(visibility?: Visibility): void {
    if (this.#intervalMs === 0) return;
    this.#send(visibility ? `{"type":"ping","data":{"visibility":"${visibility}"}}` : PING);
    this.#sentAt = this.#timers.now();
    this.#schedule();
    if (!this.#awaiting) this.#expectPong(Math.min(PONG_MS, Math.max(this.#intervalMs, 1_000)));
  }

  /** Pings at once after the page may have slept, and is less patient about the answer. */
  wake(visibility?: Visibility): void {
    const justNow = Math.abs(this.#timers.now() - this.#sentAt) < SAME_MOMENT_MS;
    if (this.#intervalMs === 0 || (justNow && !visibility)) return;
    this.#settle();
    this.beat(visibility);
    this.#expectPong(WAKE_PONG_MS);
  }

  /** Anything came from the service, so the line is alive. Returns the round trip in ms when it was awaited. */
  heard(): number | undefined {
    const rttMs = this.#awaiting ? this.#timers.now() - this.#sentAt : undefined;
    this.#settle();
    return rttMs;
  }

  #schedule(): void {
    this.#timers.clear(this.#beatTimer);
    this.#beatTimer = this.#timers.set(this.#intervalMs, () => this.beat());
  }

  #settle(): void {
    this.#timers.clear(this.#pongTimer);
    this.#awaiting = false;
    this.#secondChance = true;
  }

  #expectPong(withinMs: number): void {
    this.#timers.clear(this.#pongTimer);
    this.#awaiting = true;
    const due = this.#timers.now() + withinMs;
    this.#pongTimer = this.#timers.set(withinMs, () => {
      const heldUp = this.#timers.now() - due > LATE_MS;
      if (heldUp && this.#secondChance) {
        // The page stood still, and the answer may be waiting behind this very timer.
        this.#secondChance = false;
        this.beat();
        this.#expectPong(withinMs);
        return;
      }
      this.#settle();
      this.#onSilent();
    });
  }
}
