/** One session, alive or ended, explained: its state, the evidence that decides, and what happened to it and why. */
import { h, setAttributes, setText } from "../dom.js";
import { Refused, type Api } from "./api.js";
import { evidenceWords } from "./evidence-words.js";
import { KeyedList } from "./keyed-list.js";
import type { ServerClock } from "./server-clock.js";
import { readSession, readTimeline, type Entry, type SessionRow } from "./shapes.js";
import { stepWords } from "./step-words.js";
import { causeWords, duration, outlook, reasonWords, stateWords } from "./words.js";

const HINT = "Choose Explain at a session, or paste the id of one that has ended within the last 15 minutes.";

type NumberedEntry = Entry & { readonly key: string };

export class Explanation {
  readonly element: HTMLElement;
  readonly #api: Api;
  readonly #clock: ServerClock;
  readonly #field = h("input", {
    type: "search",
    name: "sessionId",
    placeholder: "session id, from a log line",
    autocomplete: "off",
    spellcheck: "false",
    testid: "session-id",
  });
  readonly #answer = h("div", { class: "answer", hidden: true, testid: "explanation", tabindex: -1 });
  readonly #note = h("p", { class: "small", role: "status", testid: "explanation-note" });
  readonly #heading = h("h3", {});
  readonly #summary = h("p", { class: "summary", testid: "summary" });
  readonly #evidence = h("ul", { class: "evidence", testid: "evidence" });
  readonly #evidenceList: KeyedList<{ key: number; words: string }>;
  readonly #entries: KeyedList<NumberedEntry>;
  #sessionId = "";

  constructor(api: Api, clock: ServerClock) {
    this.#api = api;
    this.#clock = clock;
    const form = h(
      "form",
      { class: "lookup", role: "search", "aria-label": "Explain a session" },
      this.#field,
      h("button", { class: "ghost small", testid: "look-up" }, "Explain"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.open(this.#field.value.trim());
    });
    const entries = h("ol", { class: "timeline", testid: "timeline" });
    this.#entries = new KeyedList<NumberedEntry>(entries, ({ key }) => key, entryRow);
    this.#evidenceList = new KeyedList(
      this.#evidence,
      ({ key }) => String(key),
      () => {
        const element = h("li", {});
        return { element, update: ({ words }) => setText(element, words) };
      },
    );
    this.#answer.append(this.#heading, this.#summary, this.#evidence, entries);
    this.element = h(
      "section",
      { class: "panel explain", "aria-labelledby": "explain-title" },
      h("h2", { id: "explain-title" }, "Why?"),
      form,
      this.#note,
      this.#answer,
    );
    setText(this.#note, HINT);
  }

  /** Shows a session and brings it into view; an empty id shows none. */
  async open(sessionId: string): Promise<void> {
    this.#sessionId = sessionId;
    this.#field.value = sessionId;
    this.#answer.hidden = true;
    setText(this.#note, sessionId === "" ? HINT : "");
    history.replaceState(null, "", sessionId === "" ? location.pathname : `#${encodeURIComponent(sessionId)}`);
    if (sessionId === "") return;
    await this.refresh();
    if (!this.#answer.hidden) this.#answer.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "nearest" });
  }

  /** Asks again about the session that is shown, if one is. Never rejects. */
  async refresh(): Promise<void> {
    const sessionId = this.#sessionId;
    if (sessionId === "") return;
    const ask = (path: string[]): Promise<unknown> => this.#api.get(["sessions", sessionId, ...path]);
    // Of a session that another node holds, or whose end left no view, there may be one without the other.
    const [session, timeline] = await Promise.allSettled([
      ask([]).then(readSession),
      ask(["timeline"]).then(readTimeline),
    ]);
    if (sessionId !== this.#sessionId) return;
    if (timeline.status === "rejected") {
      this.#answer.hidden = true;
      setText(this.#note, refusal(timeline.reason));
      return;
    }
    this.#answer.hidden = false;
    setText(this.#note, "");
    this.#showSession(session.status === "fulfilled" ? session.value : undefined, this.#clock.now());
    this.#entries.show(numbered(timeline.value).toReversed());
  }

  #showSession(session: SessionRow | undefined, now: number): void {
    setAttributes(this.#answer, { "data-state": session?.state ?? "ended" });
    this.#heading.replaceChildren(...(session ? [h("bdi", {}, session.name)] : ["A session that has ended"]));
    setText(this.#summary, session ? summary(session, now) : "");
    const { end } = session ?? {};
    const words = session ? evidenceWords(session.evidence, end?.at ?? now, end ? "before the end" : "ago") : [];
    this.#evidenceList.show(words.map((line, key) => ({ key, words: line })));
  }
}

function summary(session: SessionRow, now: number): string {
  const { end, userId, nodeId, roomId, openedAt, cause } = session;
  const where = roomId === null ? "in no room" : `in the room “${roomId}”`;
  if (end) {
    const known = cause === "heard" ? "" : ` What was known: ${causeWords(cause)}.`;
    return `Ended ${duration(now - end.at)} ago because ${reasonWords(end.reason)}, ${duration(end.at - openedAt)} after it began.${known} User ${userId}, ${where}, node ${nodeId}.`;
  }
  const { sign, word } = stateWords(session.state);
  return `${sign} ${word}: ${outlook(session, session.changesInMs)}. User ${userId}, ${where} on node ${nodeId}, here for ${duration(now - openedAt)}.`;
}

function entryRow({ at, step, detail }: Entry): { element: HTMLElement; update: () => void } {
  const { text, tone } = stepWords({ at, step, detail });
  const time = new Date(at);
  const element = h(
    "li",
    { "data-tone": tone },
    h("time", { datetime: time.toISOString() }, time.toLocaleTimeString("en-GB")),
    h(
      "details",
      {},
      h("summary", {}, text),
      h("pre", {}, `${step}\n${JSON.stringify(detail, null, 2)}\n${time.toISOString()}`),
    ),
  );
  return { element, update: () => undefined };
}

/** An entry never changes, so it is known by its moment and step, and by its turn where these are the same. */
function numbered(entries: readonly Entry[]): NumberedEntry[] {
  const turns = new Map<string, number>();
  return entries.map((entry) => {
    const name = `${entry.at} ${entry.step}`;
    const turn = (turns.get(name) ?? 0) + 1;
    turns.set(name, turn);
    return { ...entry, key: `${name} ${turn}` };
  });
}

function refusal(error: unknown): string {
  return error instanceof Refused ? error.message : "The service does not answer.";
}
