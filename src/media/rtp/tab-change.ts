import type { Producer } from "mediasoup/types";
import type { Clock, Timer } from "../../kernel/clock.js";
import type { TabChange } from "../../ports/media-plane.js";

/** How often the producers are looked at. mediasoup tells with an event that the first packet has come, but not who consumes. */
const LOOK_MS = 100;
/** How long the media of the tab before goes on at most, ms. */
export const LONGEST_CHANGE_MS = 5_000;
/** How long receivers may take to go over to the new producer when it carries media, ms. The browser client takes 1.5 s at most. */
export const LONGEST_BOTH_MS = 2_000;

/** What is looked at in a producer. */
export type SentTrack = Pick<Producer, "id" | "kind" | "paused" | "closed" | "score" | "appData">;

interface TabChangeParts<T> {
  /** Those of the tab before that go on. */
  producers: readonly T[];
  /** Whether nothing else of that tab has been closed. */
  isWhole: () => boolean;
  /** What the new tab sends. */
  next: () => readonly SentTrack[];
  isConsumed: (producerId: string) => boolean;
  /** Closes one producer of the tab before, and tells the others. */
  stop: (producer: T) => void;
  /** Closes all media of the tab before. */
  over: () => void;
  /** Closes all media of the new tab. */
  undone: () => void;
}

interface Successor {
  /** Whether the new tab has had a producer of the same source. */
  hasCome: boolean;
  /** Since when that one carries media, monotonic milliseconds. */
  carriesSince: number | undefined;
}

/**
 * The producers of a tab whose session another tab has taken over. They go on until the new tab sends the same: make before
 * break.
 *
 *     waiting --first packet of the successor--> both --nobody receives the old one, or 2 s--> replaced
 *        `-- successor paused or closed --> stopped
 *
 * When all are replaced or stopped, or after 5 s, the change is over.
 */
export class MediaTabChange<T extends SentTrack = SentTrack> implements TabChange {
  readonly #clock: Clock;
  readonly #waiting: Map<T, Successor>;
  readonly #parts: TabChangeParts<T>;
  readonly #startedAt: number;
  #timer: Timer | undefined;
  #isOver = false;

  constructor(clock: Clock, parts: TabChangeParts<T>) {
    this.#clock = clock;
    this.#parts = parts;
    this.#startedAt = clock.mono();
    this.#waiting = new Map(parts.producers.map((producer) => [producer, { hasCome: false, carriesSince: undefined }]));
    this.#lookLater();
  }

  finish(): void {
    if (this.#end()) this.#parts.over();
  }

  undo(): boolean {
    if (!this.#end()) return false;
    this.#parts.undone();
    return this.#parts.isWhole() && this.#parts.producers.every(({ closed }) => !closed);
  }

  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#timer?.cancel();
    return true;
  }

  #lookLater(): void {
    this.#timer = this.#clock.after(LOOK_MS, () => this.#look());
  }

  #look(): void {
    for (const [producer, successor] of this.#waiting) {
      if (this.#isDone(producer, successor)) this.#waiting.delete(producer);
    }
    const isTooLong = this.#clock.mono() - this.#startedAt >= LONGEST_CHANGE_MS;
    if (this.#waiting.size === 0 || isTooLong) this.finish();
    else this.#lookLater();
  }

  #isDone(producer: T, successor: Successor): boolean {
    if (producer.closed) return true;
    const next = this.#parts.next().find((other) => isSameSource(other, producer));
    // Who mutes or ends a source in the new tab does not want to be heard or seen from the old one.
    if (next ? next.paused : successor.hasCome) {
      this.#parts.stop(producer);
      return true;
    }
    successor.hasCome = next !== undefined;
    // The worker gives a stream a score with its first packet.
    if (!next?.score.some(({ score }) => score > 0)) return false;
    const now = this.#clock.mono();
    successor.carriesSince ??= now;
    return !this.#parts.isConsumed(producer.id) || now - successor.carriesSince >= LONGEST_BOTH_MS;
  }
}

function isSameSource(a: SentTrack, b: SentTrack): boolean {
  return a.kind === b.kind && a.appData["source"] === b.appData["source"];
}
