const CIRCLE = { cx: 12, cy: 12, r: 9 };
const LENGTH = 2 * Math.PI * CIRCLE.r;

export type Mood = "fresh" | "ageing" | "old" | "away";

/**
 * A ring that is full right after a sign of life and empty at the deadline, with a dot for the state in the middle. Its
 * colour comes from `data-mood` in the style sheet.
 *
 * @param left 1 just seen, 0 at the deadline
 */
export function Ring({ left, mood }: { left: number; mood: Mood }) {
  return (
    <svg class="ring" viewBox="0 0 24 24" aria-hidden="true" data-mood={mood}>
      <circle {...CIRCLE} class="ring-track" />
      <circle
        {...CIRCLE}
        class="ring-arc"
        stroke-dasharray={LENGTH}
        stroke-dashoffset={(LENGTH * (1 - left)).toFixed(1)}
      />
      <circle cx={12} cy={12} r={3.5} class="ring-dot" />
    </svg>
  );
}

/** What an age looks like against the deadline. */
export function moodOf(state: "present" | "away", left: number): Mood {
  if (left <= 0.25) return "old";
  if (state === "away") return "away";
  return left < 0.6 ? "ageing" : "fresh";
}
