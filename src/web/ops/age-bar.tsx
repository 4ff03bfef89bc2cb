import type { Settings } from "./shapes.js";
import { duration } from "./words.js";

/** The drawing's width; its height is 10. */
const WIDTH = 1_000;
const MARK = 10;

/**
 * The age of a session's last message against the deadlines: empty right after a message, full at the idle timeout. Thin
 * lines mark the heartbeat interval and the age at which a session is shown as away. A strong line marks when a session
 * that is away becomes a ghost.
 *
 * @param changesInMs until time alone changes the session's state
 */
export function AgeBar(props: { settings: Settings; state: string; ageMs: number; changesInMs: number }) {
  const { settings, state, ageMs, changesInMs } = props;
  const { heartbeatIntervalMs, awayAfterMs, idleTimeoutMs } = settings;
  const x = (ms: number): number => Math.round(WIDTH * Math.min(1, Math.max(0, ms / (idleTimeoutMs || 1))));
  const ends = state === "away" || state === "ghost";
  return (
    <svg
      class="age-bar"
      viewBox={`0 0 ${WIDTH} 10`}
      preserveAspectRatio="none"
      role="img"
      data-mood={moodOf(state, ageMs, settings)}
      aria-label={`Last message ${duration(ageMs)} ago, idle timeout ${duration(idleTimeoutMs)}`}
    >
      <rect class="age-track" width={WIDTH} height={10} />
      <rect class="age-fill" width={x(ageMs)} height={10} />
      <rect class="age-tick" x={x(heartbeatIntervalMs)} width={3} height={10} />
      <rect class="age-tick" x={x(awayAfterMs)} width={3} height={10} />
      {ends && (
        <rect
          class="age-deadline"
          x={Math.min(x(ageMs + Math.max(0, changesInMs)), WIDTH - MARK)}
          width={MARK}
          height={10}
        />
      )}
    </svg>
  );
}

function moodOf(state: string, ageMs: number, { heartbeatIntervalMs, awayAfterMs }: Settings): string {
  if (state === "ghost" || state === "closing") return "old";
  if (state === "away") return "ageing";
  return ageMs > (heartbeatIntervalMs + awayAfterMs) / 2 ? "ageing" : "fresh";
}
