/** What an operator has to know before anything else: ghosts, cleanups that hang, nodes that do not answer. */
import { h, setAttributes, setText } from "../dom.js";
import { KeyedList, type Row } from "./keyed-list.js";
import { SessionCard, type Moment, type SessionActions } from "./session-card.js";
import type { SessionRow, Settings, Stuck } from "./shapes.js";
import { plural, reasonWords } from "./words.js";

export interface Trouble {
  readonly ghosts: readonly SessionRow[];
  readonly closing: readonly SessionRow[];
  readonly stuck: readonly Stuck[];
  /** Nodes that did not answer. */
  readonly missing: readonly string[];
  /** Parts of the service that do not work. */
  readonly failing: readonly string[];
}

export class Attention {
  readonly element: HTMLElement;
  readonly #notes = h("ul", { class: "notes" });
  readonly #noteList: KeyedList<string>;
  readonly #stuck: KeyedList<Stuck>;
  readonly #sessions: KeyedList<SessionRow>;
  readonly #title = h("h2", { testid: "attention-title" });

  constructor(settings: Settings, moment: () => Moment, actions: SessionActions) {
    const stuck = h("ul", { class: "sessions" });
    const sessions = h("ul", { class: "sessions" });
    this.#noteList = new KeyedList(
      this.#notes,
      (note) => note,
      (note) => ({ element: h("li", {}, note), update: () => undefined }),
    );
    this.#stuck = new KeyedList(stuck, keyOf, (item) => new StuckRow(item, actions));
    this.#sessions = new KeyedList(
      sessions,
      ({ id }) => id,
      (session) => new SessionCard(session, settings, moment, actions),
    );
    this.element = h(
      "section",
      { class: "panel attention", testid: "attention" },
      this.#title,
      this.#notes,
      stuck,
      sessions,
    );
  }

  show({ ghosts, closing, stuck, missing, failing }: Trouble): void {
    const calm = [ghosts, closing, stuck, missing, failing].every(({ length }) => length === 0);
    setAttributes(this.element, { "data-calm": calm });
    setText(
      this.#title,
      calm ? "✓ Nothing needs attention" : `! ${headline(ghosts.length, closing.length, stuck.length)}`,
    );
    this.#noteList.show([
      ...missing.map((node) => `Node ${node} did not answer: what it holds is not shown.`),
      ...failing.map((part) => `${part} does not work.`),
    ]);
    this.#stuck.show(stuck);
    this.#sessions.show([...ghosts, ...closing]);
  }
}

class StuckRow implements Row<Stuck> {
  readonly element: HTMLElement;
  readonly #what = h("span", { class: "age-words" });

  constructor({ sessionId, name, userId }: Stuck, actions: SessionActions) {
    const explain = h("button", { type: "button", class: "ghost small" }, "Explain");
    explain.addEventListener("click", () => actions.explain(sessionId));
    this.element = h(
      "li",
      { class: "session", testid: "stuck", "data-state": "ghost" },
      h("span", { class: "state" }, "! Stuck"),
      h("div", { class: "who" }, h("bdi", { class: "who-name" }, name), h("bdi", { class: "who-user" }, userId)),
      this.#what,
      h("div", { class: "row-buttons" }, explain),
    );
  }

  update({ attempts, reason, steps, roomId }: Stuck): void {
    const room = roomId === null ? "" : ` from “${roomId}”`;
    const left = steps.map((step) => `“${step}”`).join(", ");
    setText(
      this.#what,
      `Cleaning up${room} (${reasonWords(reason)}) failed ${plural(attempts, "time")} at ${left}; again with each sweep`,
    );
  }
}

function keyOf({ sessionId, roomId }: Stuck): string {
  return `${sessionId} ${roomId ?? ""}`;
}

function headline(ghosts: number, closing: number, stuck: number): string {
  const parts = [
    ...(stuck > 0 ? [plural(stuck, "stuck cleanup")] : []),
    ...(ghosts > 0 ? [plural(ghosts, "ghost")] : []),
    ...(closing > 0 ? [plural(closing, "session", "sessions") + " being cleaned up"] : []),
  ];
  return parts.length === 0 ? "Something does not work" : parts.join(", ");
}
