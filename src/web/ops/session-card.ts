import { h, setAttributes, setText } from "../dom.js";
import { AgeBar } from "./age-bar.js";
import type { Row } from "./keyed-list.js";
import type { SessionRow, Settings } from "./shapes.js";
import { duration, outlook, plural, stateWords } from "./words.js";

/** What can be done with a session from its row. */
export interface SessionActions {
  explain(sessionId: string): void;
  kick(session: SessionRow): void;
}

/** The moment that a list is drawn for. */
export interface Moment {
  /** The service's time, epoch ms. */
  readonly now: number;
  /** Since the service told what is drawn, milliseconds. */
  readonly sinceToldMs: number;
}

/** One session: who, in what state, how fresh, what happens next, and what can be done about it. */
export class SessionCard implements Row<SessionRow> {
  readonly element: HTMLElement;
  readonly #moment: () => Moment;
  readonly #state = h("span", { class: "state", testid: "state" });
  readonly #name = h("bdi", { class: "who-name", testid: "name" });
  readonly #user = h("bdi", {});
  readonly #seen = h("span", { class: "seen-ago" });
  readonly #next = h("span", { class: "outlook" });
  readonly #media = h("span", { class: "media-counts" });
  readonly #bar: AgeBar;
  #session: SessionRow;

  constructor(session: SessionRow, settings: Settings, moment: () => Moment, actions: SessionActions) {
    this.#session = session;
    this.#moment = moment;
    this.#bar = new AgeBar(settings);
    const explain = h("button", { type: "button", class: "ghost small", testid: "explain" }, "Explain");
    const kick = h("button", { type: "button", class: "ghost small danger-text", testid: "kick" }, "Kick");
    setAttributes(explain, { "aria-label": `Explain the session of ${session.name}` });
    setAttributes(kick, { "aria-label": `Kick ${session.name}` });
    explain.addEventListener("click", () => actions.explain(session.id));
    kick.addEventListener("click", () => actions.kick(this.#session));
    this.element = h(
      "li",
      { class: "session", testid: "session", "data-session-id": session.id },
      this.#state,
      h("div", { class: "who" }, this.#name, h("span", { class: "who-user" }, this.#user)),
      h("div", { class: "age" }, this.#bar.element, h("div", { class: "age-words" }, this.#seen, this.#next)),
      this.#media,
      h("div", { class: "row-buttons" }, explain, kick),
    );
  }

  update(session: SessionRow): void {
    this.#session = session;
    const { now, sinceToldMs } = this.#moment();
    const { sign, word } = stateWords(session.state);
    const ageMs = now - session.lastSeenAt;
    const changesInMs = session.changesInMs - sinceToldMs;
    setAttributes(this.element, { "data-state": session.state });
    setText(this.#state, `${sign} ${word}`);
    setText(this.#name, session.name);
    setText(this.#user, session.userId === session.name ? "" : session.userId);
    setAttributes(this.#name, { title: `User ${session.userId}, session ${session.id}, node ${session.nodeId}` });
    this.#bar.show(session, ageMs, changesInMs);
    setText(this.#seen, `seen ${duration(ageMs)} ago`);
    setText(this.#next, outlook(session, changesInMs));
    const { transports, producers, consumers } = session.media;
    setText(this.#media, transports === 0 ? "no media" : `sends ${producers}, receives ${consumers}`);
    setAttributes(this.#media, { title: `Producers, consumers; ${plural(transports, "transport")}` });
  }
}
