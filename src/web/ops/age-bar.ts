import { setAttributes, svg } from "../dom.js";
import type { SessionRow, Settings } from "./shapes.js";
import { duration } from "./words.js";

/** The drawing's width; its height is 10. */
const WIDTH = 1_000;
const MARK = 10;

/**
 * How old the last message is, against the deadlines: empty right after a message, full at the idle timeout. Lines mark
 * the heartbeat interval and the moment of turning away; a strong one marks when a session that is away will be a ghost.
 */
export class AgeBar {
  readonly element: SVGElement;
  readonly #settings: Settings;
  readonly #fill = svg("rect", { class: "age-fill", height: 10 });
  readonly #deadline = svg("rect", { class: "age-deadline", height: 10, width: MARK });

  constructor(settings: Settings) {
    this.#settings = settings;
    this.element = svg(
      "svg",
      { class: "age-bar", viewBox: `0 0 ${WIDTH} 10`, preserveAspectRatio: "none", role: "img" },
      svg("rect", { class: "age-track", width: WIDTH, height: 10 }),
      this.#fill,
      ...[settings.heartbeatIntervalMs, settings.awayAfterMs].map((at) =>
        svg("rect", { class: "age-tick", x: this.#x(at), width: 3, height: 10 }),
      ),
      this.#deadline,
    );
  }

  /** @param changesInMs until time alone changes the session's state */
  show({ state }: SessionRow, ageMs: number, changesInMs: number): void {
    const { idleTimeoutMs } = this.#settings;
    setAttributes(this.#fill, { width: this.#x(ageMs) });
    const ends = state === "away" || state === "ghost";
    setAttributes(this.#deadline, {
      x: Math.min(this.#x(ageMs + Math.max(0, changesInMs)), WIDTH - MARK),
      visibility: ends ? "visible" : "hidden",
    });
    setAttributes(this.element, {
      "data-mood": this.#moodOf(state, ageMs),
      "aria-label": `Last message ${duration(ageMs)} ago, idle timeout ${duration(idleTimeoutMs)}`,
    });
  }

  #moodOf(state: string, ageMs: number): "fresh" | "ageing" | "old" {
    const { heartbeatIntervalMs, awayAfterMs } = this.#settings;
    if (state === "ghost" || state === "closing") return "old";
    if (state === "away") return "ageing";
    return ageMs > (heartbeatIntervalMs + awayAfterMs) / 2 ? "ageing" : "fresh";
  }

  #x(ms: number): number {
    return Math.round(WIDTH * Math.min(1, Math.max(0, ms / (this.#settings.idleTimeoutMs || 1))));
  }
}
