import type { Timers } from "./environment.js";

/** What a ping may tell about the page. */
export type Visibility = "visible" | "hidden" | "frozen";

/** The heartbeat, byte for byte as the service answers it without parsing. */
const PING = '{"type":"ping"}';
/** How long a pong may take after the page may have slept. */
const WAKE_PONG_MS = 5_000;
const PONG_MS = 10_000;
/** A timer that fires later than this was held up, and so was perhaps the pong; or somebody has set the clock. */
const LATE_MS = 1_000;
/** How long the pong may take then. Short: a session does not wait for its client much longer than the first wait. */
const SECOND_PONG_MS = 3_000;
/** Signals of one awakening (visible, focus, online) come together: one ping tells it. */
const SAME_MOMENT_MS = 500;

/**
 * Says "still here" at the service's interval and watches that the service says so too. It answers nothing by itself: its
 * owner tells it of each pong and closes the line when it has gone {@link Heartbeat.onSilent | silent}.
 *
 * Each ping is answered once, and in order, so the n-th pong belongs to the n-th ping. Only the answer to a ping that was
 * sent since the waiting began is a sign of life: what else comes may have come long ago and lain in the browser while
 * the page stood still.
 */
export class Heartbeat {
  readonly #timers: Timers;
  readonly #send: (text: string) => void;
  readonly #onSilent: () => void;
  #intervalMs = 0;
  #beatTimer: unknown;
  #pongTimer: unknown;
  #sentAt = -Infinity;
  /** When the pings that wait for their pong were sent, oldest first. Few: the line ends when the pongs do not come. */
  #unanswered: number[] = [];
  /** How many pongs have to come up to the one that is waited for; 0 when none is. */
  #awaited = 0;
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
    this.#unanswered = [];
    this.#intervalMs = 0;
    this.#sentAt = -Infinity;
  }

  /** Pings now. With `visibility` it tells the service how the page is. */
  beat(visibility?: Visibility): void {
    if (this.#intervalMs === 0) return;
    this.#send(visibility ? `{"type":"ping","data":{"visibility":"${visibility}"}}` : PING);
    this.#sentAt = this.#timers.now();
    this.#unanswered.push(this.#sentAt);
    this.#schedule();
    if (this.#awaited === 0) this.#expectPong(Math.min(PONG_MS, Math.max(this.#intervalMs, 1_000)));
  }

  /** Pings at once after the page may have slept, and is less patient about the answer. */
  wake(visibility?: Visibility): void {
    const justNow = Math.abs(this.#timers.now() - this.#sentAt) < SAME_MOMENT_MS;
    if (this.#intervalMs === 0 || (justNow && !visibility)) return;
    this.#settle();
    this.beat(visibility);
    this.#expectPong(WAKE_PONG_MS);
  }

  /** A ping was answered. Returns the round trip in ms, if it is known of which. */
  answered(): number | undefined {
    const sentAt = this.#unanswered.shift();
    if (this.#awaited > 0 && --this.#awaited === 0) this.#settle();
    return sentAt === undefined ? undefined : this.#timers.now() - sentAt;
  }

  #schedule(): void {
    this.#timers.clear(this.#beatTimer);
    this.#beatTimer = this.#timers.set(this.#intervalMs, () => this.beat());
  }

  #settle(): void {
    this.#timers.clear(this.#pongTimer);
    this.#awaited = 0;
    this.#secondChance = true;
  }

  /** Waits for the answer to the ping that was sent last. */
  #expectPong(withinMs: number): void {
    this.#timers.clear(this.#pongTimer);
    this.#awaited = this.#unanswered.length;
    const due = this.#timers.now() + withinMs;
    this.#pongTimer = this.#timers.set(withinMs, () => {
      const heldUp = this.#timers.now() - due > LATE_MS;
      if (heldUp && this.#secondChance) {
        // The page stood still, and the answer may be waiting behind this very timer.
        this.#secondChance = false;
        this.beat();
        this.#expectPong(SECOND_PONG_MS);
        return;
      }
      this.#settle();
      this.#onSilent();
    });
  }
}
