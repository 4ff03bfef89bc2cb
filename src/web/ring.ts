import { setAttributes, svg } from "./dom.js";

const RADIUS = 9;
const LENGTH = 2 * Math.PI * RADIUS;

/**
 * A ring that is full right after a sign of life and empty at the deadline, with a dot for the state in the middle. Its
 * colour comes from `data-mood` in the style sheet.
 */
export class Ring {
  readonly element: SVGElement;
  readonly #arc: SVGElement;

  constructor() {
    const circle = { cx: 12, cy: 12, r: RADIUS };
    this.#arc = svg("circle", { ...circle, class: "ring-arc", "stroke-dasharray": LENGTH });
    this.element = svg(
      "svg",
      { class: "ring", viewBox: "0 0 24 24", "aria-hidden": "true" },
      svg("circle", { ...circle, class: "ring-track" }),
      this.#arc,
      svg("circle", { cx: 12, cy: 12, r: 3.5, class: "ring-dot" }),
    );
  }

  /** @param left 1 just seen, 0 at the deadline */
  show(left: number, mood: Mood): void {
    setAttributes(this.#arc, { "stroke-dashoffset": (LENGTH * (1 - left)).toFixed(1) });
    setAttributes(this.element, { "data-mood": mood });
  }
}

export type Mood = "fresh" | "ageing" | "old" | "away";

/** What an age looks like against the deadline. */
export function moodOf(state: "present" | "away", left: number): Mood {
  if (left <= 0.25) return "old";
  if (state === "away") return "away";
  return left < 0.6 ? "ageing" : "fresh";
}
