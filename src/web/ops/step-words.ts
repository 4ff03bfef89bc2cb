/** A timeline's steps in plain words. */
import { briefWords, type TimelineStep } from "@lastseen/protocol";
import { fieldsOf, number, numberOrNull, text, type Fields } from "./read.js";
import type { Entry } from "./shapes.js";
import { actorWords, causeWords, duration, plural, reasonWords } from "./words.js";

export type Tone = "good" | "plain" | "warn" | "bad";

interface Told {
  readonly tone: Tone;
  readonly say: (detail: Fields) => string;
}

const because = (detail: Fields): string => {
  const reason = text(detail, "reason");
  return reason === "" ? "" : `: ${causeWords(reason)}`;
};

/** By the step's name in the timeline and in the log. */
const STEPS: Readonly<Record<TimelineStep, Told>> = {
  "session opened": { tone: "good", say: () => "The session began" },
  "session resumed": {
    tone: "good",
    say: (detail) => {
      const replaced = detail["replaced"] === true ? ", in the place of a socket that was still open" : "";
      const renewed = text(detail, "mediaReset") === "" ? "" : "; its media had to be made again";
      return `Its client came back${replaced}${renewed}`;
    },
  },
  "session adopted": {
    tone: "plain",
    say: (detail) => {
      const from = text(detail, "fromNodeId");
      return from === "" ? "It was handed over to this node" : `This node took it over from node ${from}`;
    },
  },
  "session held again": {
    tone: "plain",
    say: () => "This node was cut off from the others; no other node had it, so it went on here",
  },
  "session given up": {
    tone: "plain",
    say: (detail) =>
      text(detail, "reason") === "fenced"
        ? "Another node had taken it over: here it ended"
        : `It was handed over to another node${byWhom(detail)}`,
  },
  "user blocked": {
    tone: "bad",
    say: (detail) => {
      const room = text(detail, "roomId");
      return `Its user was blocked${room === "" ? "" : ` from the room “${room}”`}${byWhom(detail)}`;
    },
  },
  "joined room": { tone: "good", say: (detail) => `Joined the room “${text(detail, "roomId")}”` },
  "session transferred": { tone: "plain", say: () => "Another tab of the same user took over" },
  "name changed": { tone: "plain", say: (detail) => `The others see the name “${text(detail, "name")}” now` },
  "transfer refused": { tone: "warn", say: () => "A change of tabs was refused: there were too many in a short time" },
  "directory not written": {
    tone: "warn",
    say: (detail) => `The shared directory could not be written (${text(detail, "error")}); no session is lost by that`,
  },
  "socket ended": {
    tone: "plain",
    say: (detail) => `Its socket ended with code ${number(detail, "closeCode")}${because(detail)}`,
  },
  away: { tone: "warn", say: (detail) => `Shown as away${because(detail)}` },
  back: { tone: "good", say: () => "Was heard again, and is back" },
  "ghost found": { tone: "bad", say: (detail) => `Found to be a ghost${because(detail)}${ghostEvidence(detail)}` },
  "left room": {
    tone: "plain",
    say: (detail) =>
      `Left the room “${text(detail, "roomId")}”: ${whyGone(detail)}${sinceLastSign(detail)}${byWhom(detail)}`,
  },
  "session ended": { tone: "bad", say: (detail) => `The session ended: ${whyGone(detail)}${byWhom(detail)}` },
  "cleanup step failed": {
    tone: "warn",
    say: (detail) =>
      `Cleaning up: the step “${text(detail, "step")}” failed at attempt ${number(detail, "attempt")} (${text(detail, "error")})`,
  },
  "cleanup verified": {
    tone: "good",
    say: (detail) => `Nothing of it is left: checked after ${attempts(detail)}, ${cleanupTime(detail)}`,
  },
  "cleanup unseen": {
    tone: "warn",
    say: () =>
      "Cleaned up, but the service does not see the application's media workers: nobody checked what is left there",
  },
  "cleanup stuck": {
    tone: "bad",
    say: (detail) => `Could not be cleaned up in ${attempts(detail)}; tried again with every sweep`,
  },
  "call started": { tone: "plain", say: (detail) => `Called ${text(detail, "peer")}` },
  "call rings": { tone: "plain", say: (detail) => `A call from ${text(detail, "peer")} rings` },
  "call accepted": { tone: "good", say: (detail) => `The call with ${text(detail, "peer")} was accepted` },
  "call over": { tone: "plain", say: (detail) => `The call with ${text(detail, "peer")} is over` },
  "call refused": {
    tone: "plain",
    say: (detail) => `Could not call ${text(detail, "peer")}, who is ${text(detail, "reason")}`,
  },
};

const TOLD: ReadonlyMap<string, Told> = new Map(Object.entries(STEPS));

/** A step that this page does not know is shown by its name. */
export function stepWords({ step, detail }: Entry): { text: string; tone: Tone } {
  const told = TOLD.get(step);
  return told ? { text: told.say(detail), tone: told.tone } : { text: step, tone: "plain" };
}

/** The reason says what happened to the session, the cause says by which evidence. */
function whyGone(detail: Fields): string {
  const cause = text(detail, "cause");
  const reason = reasonWords(text(detail, "reason"));
  return cause === "" ? reason : `${reason} (${causeWords(cause)})`;
}

/** Which token asked for it, and from which address. */
function byWhom(detail: Fields): string {
  const by = fieldsOf(detail["by"]);
  const who = actorWords({ name: text(by, "name"), address: text(by, "address") });
  return who === "" ? "" : `; asked for by ${who}`;
}

function sinceLastSign(detail: Fields): string {
  const since = numberOrNull(detail, "sinceLastSignMs");
  return since === null ? "" : `, ${duration(since)} after the last sign of life`;
}

function ghostEvidence(detail: Fields): string {
  const facts = briefWords(fieldsOf(detail["evidence"]), duration);
  return facts.length === 0 ? "" : ` (${facts.join(", ")})`;
}

function attempts(detail: Fields): string {
  return plural(number(detail, "attempts"), "attempt");
}

function cleanupTime(detail: Fields): string {
  const ms = number(detail, "durationMs");
  return ms < 1_000 ? `${ms} ms` : duration(ms);
}
