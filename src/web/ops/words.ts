/** The service's codes in plain words. A code without words is shown as it is, because it is a newer service's. */
import { CAUSES, END_REASON_WORDS } from "@lastseen/protocol";
import type { Health, SessionRow } from "./shapes.js";

const CAUSE_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries(CAUSES).map(([cause, { words }]) => [cause, words]),
);
const REASON_WORDS: ReadonlyMap<string, string> = new Map(Object.entries(END_REASON_WORDS));

const STATES: ReadonlyMap<string, { sign: string; word: string }> = new Map([
  ["present", { sign: "●", word: "Present" }],
  ["away", { sign: "◐", word: "Away" }],
  ["ghost", { sign: "○", word: "Ghost" }],
  ["closing", { sign: "◌", word: "Closing" }],
  ["ended", { sign: "×", word: "Ended" }],
]);

export function causeWords(cause: string): string {
  return CAUSE_WORDS.get(cause) ?? cause;
}

export function reasonWords(reason: string): string {
  return REASON_WORDS.get(reason) ?? reason;
}

/** A state's sign and word, so that the page is readable without its colours. */
export function stateWords(state: string): { sign: string; word: string } {
  return STATES.get(state) ?? { sign: "?", word: state };
}

/** "12:03:04" */
export function clockTime(time: Date): string {
  return time.toLocaleTimeString("en-GB");
}

/** "0.4 s", "12 s", "2 min", "3 h", "2 days". */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 0.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;
}

/** How far a drain has come; empty when the node is not drained. */
export function drainWords({ draining, counts }: Pick<Health, "draining" | "counts">): string {
  if (!draining) return "";
  return counts.sessions === 0 ? "Drained" : `Draining: ${plural(counts.sessions, "session")} left`;
}

/** How the session's state will change if nothing is heard, and when. */
export function outlook({ state, cause, end }: SessionRow, changesInMs: number): string {
  const soon = changesInMs <= 0;
  switch (state) {
    case "present":
      return soon ? "about to change" : `away in ${duration(changesInMs)} if nothing is heard`;
    case "away":
      return `${causeWords(cause)}; ${soon ? "about to be removed" : `a ghost in ${duration(changesInMs)}`}`;
    case "ghost":
      return `${causeWords(cause)}; ${cause === "silent" ? "removed by the next sweep" : "about to be removed"}`;
    case "closing":
      return "is being cleaned up";
    case "ended":
      return end ? reasonWords(end.reason) : "";
    default:
      return "";
  }
}

/** Which token asked for something, and from which address. */
export function actorWords({ name, address }: { name: string; address: string }): string {
  if (name === "") return "";
  const who = { nobody: "somebody without a token", application: "the application" }[name] ?? name;
  return address === "" ? who : `${who} from ${address}`;
}
