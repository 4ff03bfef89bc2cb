import type { ReplyData } from "@lastseen/protocol";
import type { Timers } from "./environment.js";
import type { Pong } from "./frame.js";

type HeartbeatTerms = Pick<ReplyData<"hello">["heartbeat"], "intervalMs" | "watchedIntervalMs" | "aliveIntervalMs">;

/** What a ping can say about the page. */
export type Visibility = "visible" | "hidden" | "frozen";

/** The exact bytes that the service answers without parsing. */
const PING = '{"type":"ping"}';
/** A sign of life that is not answered. */
const ALIVE = '{"type":"alive"}';
/** So much longer than its interval a sign of life may be put off, so that it comes at the moment that the service wants. */
const MOST_LATER_MS = 500;
/** How long a pong may take after the page may have slept. */
const WAKE_PONG_MS = 5_000;
const PONG_MS = 10_000;
/** How long it may take when the network has changed. A slow network gets so many times what the last pong took. */
export const NEW_NETWORK_PONG_MS = 1_000;
const ROUND_TRIPS = 4;
/** The timer of the pings is never longer, so that the client soon notices that the machine has slept. */
const STEP_MS = 5_000;
/**
 * A timer that fires later than this was delayed, and perhaps the pong too; or the clock was set. One that seems to fire too early
 * may have been delayed as well, while the clock was set back.
 */
const LATE_MS = 1_000;
/** How long the next pong may take then. It is short, because the session waits for its client only so long. */
const SECOND_PONG_MS = 3_000;
/** A page that wakes up gives several signals at once (visible, focus, online); one ping is enough for them. */
const SAME_MOMENT_MS = 500;

/**
 * Gives signs of life at the service's interval and checks that the pongs come. Its owner passes each pong to it, and closes the
 * socket when `onSilent` is called.
 *
 * The service answers each ping once and in order, so the n-th pong belongs to the n-th ping. Only the pong to the awaited
 * ping proves that the connection is alive. Other frames may have come long ago and waited in the browser while the page
 * stood still.
 */
export class Heartbeat {
  readonly #timers: Timers;
  readonly #send: (text: string) => void;
  readonly #onSilent: () => void;
  /** From the answer to the hello; undefined while there is no connection. */
  #terms: HeartbeatTerms | undefined;
  /** Whether somebody would see that this client is away. */
  #isWatched = false;
  #beatTimer: unknown;
  /** When the next sign of life is due. */
  #beatAt = 0;
  #pongTimer: unknown;
  /** When the awaited pong is due. */
  #pongAt = 0;
  #rttMs = 0;
  #sentAt = -Infinity;
  /** When the unanswered pings were sent, oldest first. They stay few: without pongs the socket is closed. */
  #unanswered: number[] = [];
  /** How many pongs have to come until the awaited one; 0 when none is awaited. */
  #awaited = 0;
  #secondChance = true;

  /** @param onSilent called when the awaited pong did not come: the connection is dead */
  constructor(timers: Timers, send: (text: string) => void, onSilent: () => void) {
    this.#timers = timers;
    this.#send = send;
    this.#onSilent = onSilent;
  }

  /** @param terms from the answer to the hello */
  start(terms: HeartbeatTerms): void {
    this.stop();
    this.#terms = terms;
    this.#schedule();
  }

  /** Pings more often while somebody watches. A change puts off no ping: perhaps the service does not know of it yet. */
  setWatched(isWatched: boolean): void {
    if (isWatched === this.#isWatched) return;
    this.#isWatched = isWatched;
    if (this.#terms) this.#schedule(Math.max(0, Math.min(this.#beatAt - this.#timers.now(), this.#intervalMs)));
  }

  /** How long the last pong took, also after {@link stop}. */
  get rttMs(): number {
    return this.#rttMs;
  }

  /** Between two pings. */
  get #pingMs(): number {
    const { intervalMs = 0, watchedIntervalMs = intervalMs } = this.#terms ?? {};
    return this.#isWatched ? watchedIntervalMs : intervalMs;
  }

  /** Between two signs of life. */
  get #intervalMs(): number {
    return (this.#isWatched && this.#terms?.aliveIntervalMs) || this.#pingMs;
  }

  stop(): void {
    this.#timers.clear(this.#beatTimer);
    this.#stopWaiting();
    this.#unanswered = [];
    this.#terms = undefined;
    this.#sentAt = -Infinity;
  }

  /** Pings now, and tells the service the page's visibility if it is given. */
  beat(visibility?: Visibility): void {
    if (!this.#terms) return;
    this.#send(visibility ? `{"type":"ping","data":{"visibility":"${visibility}"}}` : PING);
    this.#sentAt = this.#timers.now();
    this.#unanswered.push(this.#sentAt);
    this.#schedule();
    if (this.#awaited === 0) this.#expectPong(Math.min(PONG_MS, Math.max(this.#pingMs, 1_000)));
  }

  /**
   * Pings now because the connection may be dead, and waits less long for the pong: at most as long as it waits already.
   *
   * @param withinMs how long; longer where the last pong took long
   */
  wake(visibility?: Visibility, withinMs: number = WAKE_PONG_MS): void {
    if (!this.#terms) return;
    const now = this.#timers.now();
    const leastMs = Math.max(NEW_NETWORK_PONG_MS, Math.min(WAKE_PONG_MS, ROUND_TRIPS * this.#rttMs));
    const leftMs = this.#awaited > 0 ? this.#pongAt - now : 0;
    const isNew = Math.abs(now - this.#sentAt) >= SAME_MOMENT_MS || visibility !== undefined;
    if (!isNew && leftMs <= 0) return;
    if (isNew) {
      this.#stopWaiting();
      this.beat(visibility);
    }
    this.#expectPong(Math.max(leastMs, Math.min(withinMs, leftMs > 0 ? leftMs : withinMs)));
  }

  /**
   * To be called for each pong, and for a refusal of a ping.
   *
   * @returns the round trip in ms, unless the pong belongs to no known ping
   */
  pong({ nextMs, aliveIntervalMs }: Partial<Pong> = {}): number | undefined {
    const sentAt = this.#unanswered.shift();
    if (this.#awaited > 0 && --this.#awaited === 0) this.#stopWaiting();
    if (sentAt === undefined || !this.#terms) return undefined;
    // Not less than 0: the clock may have been set back.
    this.#rttMs = Math.max(0, this.#timers.now() - sentAt);
    if (aliveIntervalMs) {
      // Pings come never rarer than before: they find out that the connection is dead.
      const watchedIntervalMs = Math.min(this.#terms.watchedIntervalMs ?? Infinity, 2 * aliveIntervalMs);
      this.#terms = { ...this.#terms, aliveIntervalMs, watchedIntervalMs };
    }
    // The pong may be from before somebody watched.
    if (nextMs) this.#schedule(Math.max(0, Math.min(nextMs, this.#intervalMs + MOST_LATER_MS) - this.#rttMs));
    return this.#rttMs;
  }

  /** Every second sign of life of a watched client is a ping. A service that does not know the others gets only pings. */
  #giveSign(): void {
    const onlyPings = !this.#isWatched || !this.#terms?.aliveIntervalMs;
    if (onlyPings || Math.abs(this.#timers.now() - this.#sentAt) + this.#intervalMs / 2 > this.#pingMs) {
      this.beat();
      return;
    }
    this.#send(ALIVE);
    this.#schedule();
  }

  /** @param leftMs until the next sign of life */
  #schedule(leftMs = this.#intervalMs): void {
    this.#timers.clear(this.#beatTimer);
    const now = this.#timers.now();
    this.#beatAt = now + leftMs;
    const stepMs = Math.min(leftMs, STEP_MS);
    const due = now + stepMs;
    this.#beatTimer = this.#timers.set(stepMs, () => {
      // The machine has slept, or the browser has delayed the timer.
      if (this.#wasDelayed(due) && this.#awaited === 0) this.wake();
      else if (leftMs > stepMs) this.#schedule(leftMs - stepMs);
      else this.#giveSign();
    });
  }

  /** Whether the timer that was due then may have been delayed. */
  #wasDelayed(due: number): boolean {
    return Math.abs(this.#timers.now() - due) > LATE_MS;
  }

  #stopWaiting(): void {
    this.#timers.clear(this.#pongTimer);
    this.#awaited = 0;
    this.#secondChance = true;
  }

  /** Waits for the pong to the last ping. */
  #expectPong(withinMs: number): void {
    this.#timers.clear(this.#pongTimer);
    this.#awaited = this.#unanswered.length;
    const due = (this.#pongAt = this.#timers.now() + withinMs);
    this.#pongTimer = this.#timers.set(withinMs, () => {
      if (this.#wasDelayed(due) && this.#secondChance) {
        // The page stood still, and the pong may wait in the browser behind this timer.
        this.#secondChance = false;
        this.beat();
        this.#expectPong(SECOND_PONG_MS);
        return;
      }
      this.#stopWaiting();
      this.#onSilent();
    });
  }
}
