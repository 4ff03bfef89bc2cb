/** The page behind the door: asks the service every two seconds and shows what it says. */
import { h, setAttributes, setText } from "../dom.js";
import { Refused, type Api } from "./api.js";
import { Attention } from "./attention.js";
import { Deeds } from "./actions.js";
import { Explanation } from "./explanation.js";
import { Overview } from "./overview.js";
import { Pulse } from "./pulse.js";
import { RoomBar } from "./room-bar.js";
import type { ServerClock } from "./server-clock.js";
import type { Moment } from "./session-card.js";
import { SessionList, type ListActions } from "./session-list.js";
import type { Settings } from "./shapes.js";
import { takeSnapshot, type Snapshot } from "./snapshot.js";
import { drainWords } from "./words.js";

const REFRESH_MS = 2_000;
/** Ages grow between two answers. */
const TICK_MS = 1_000;

export class OpsConsole {
  readonly element: HTMLElement;
  readonly #api: Api;
  readonly #clock: ServerClock;
  readonly #shutOut: (why: string) => void;
  readonly #live = h("span", { class: "pill", testid: "live", role: "status" }, h("i", {}), h("span", {}, "Asking…"));
  readonly #said = h("p", { class: "said", role: "status", hidden: true, testid: "said" });
  readonly #drain = h(
    "button",
    { type: "button", class: "ghost small danger-text", hidden: true, testid: "drain" },
    "Drain node",
  );
  readonly #overview = new Overview();
  readonly #attention: Attention;
  readonly #rooms: RoomBar;
  readonly #sessions: SessionList;
  readonly #explanation: Explanation;
  readonly #pulse: Pulse;
  readonly #ticks: ReturnType<typeof setInterval>;
  readonly #onHash = (): void => void this.#explanation.open(sessionInAddress());
  #snapshot: Snapshot | undefined;
  #failingSince: Date | undefined;

  /**
   * @param parts `signOut` undefined where there is no token to forget; `shutOut` called when the service takes the token
   *   no more
   */
  constructor(parts: {
    api: Api;
    clock: ServerClock;
    settings: Settings;
    signOut: (() => void) | undefined;
    shutOut: (why: string) => void;
  }) {
    const { api, clock, settings, signOut } = parts;
    this.#api = api;
    this.#clock = clock;
    this.#shutOut = parts.shutOut;
    const deeds = new Deeds(api, (what) => this.#say(what));
    const actions: ListActions = {
      explain: (sessionId) => void this.#explanation.open(sessionId),
      kick: (session) => void deeds.kick(session),
      closeRoom: (roomId, participants) => void deeds.closeRoom(roomId, participants),
    };
    const moment = (): Moment => this.#moment();
    this.#explanation = new Explanation(api, clock);
    this.#attention = new Attention(settings, moment, actions);
    this.#sessions = new SessionList(settings, moment, actions, () => this.#pulse.now());
    this.#rooms = new RoomBar((roomId) => this.#sessions.showRoom(roomId));
    const cleanUp = h("button", { type: "button", class: "ghost small", testid: "clean-up" }, "Clean up now");
    cleanUp.addEventListener("click", () => void deeds.cleanUp());
    this.#drain.addEventListener("click", () => void deeds.drain(this.#snapshot?.health.nodeId ?? ""));
    const out = signOut && h("button", { type: "button", class: "ghost small", testid: "sign-out" }, "Sign out");
    if (signOut) out?.addEventListener("click", signOut);
    this.element = h(
      "div",
      { class: "console", testid: "console" },
      h(
        "header",
        { class: "top" },
        h("h1", { class: "brand" }, h("img", { src: "icon.svg", alt: "" }), "Lastseen operators"),
        this.#live,
        h("div", { class: "top-buttons" }, cleanUp, this.#drain, out),
      ),
      this.#said,
      h(
        "main",
        {},
        h(
          "div",
          { class: "column" },
          this.#overview.element,
          this.#attention.element,
          this.#rooms.element,
          this.#sessions.element,
        ),
        this.#explanation.element,
      ),
    );
    this.#pulse = new Pulse(REFRESH_MS, () => this.#refresh());
    this.#ticks = setInterval(() => this.#show(), TICK_MS);
    addEventListener("hashchange", this.#onHash);
  }

  start(): void {
    this.#pulse.now();
    if (sessionInAddress() !== "") this.#onHash();
  }

  close(): void {
    this.#pulse.close();
    clearInterval(this.#ticks);
    removeEventListener("hashchange", this.#onHash);
    this.element.remove();
  }

  async #refresh(): Promise<void> {
    try {
      const [snapshot] = await Promise.all([
        takeSnapshot(this.#api, this.#sessions.query),
        this.#explanation.refresh(),
      ]);
      this.#snapshot = snapshot;
      this.#failingSince = undefined;
    } catch (error) {
      if (error instanceof Refused && error.status === 401)
        this.#shutOut("The service does not take this token any more.");
      this.#failingSince ??= new Date();
    }
    this.#show();
  }

  #show(): void {
    const since = this.#failingSince?.toLocaleTimeString("en-GB");
    const text = since === undefined ? (this.#snapshot ? "Live" : "Asking…") : `No answer since ${since}, trying on`;
    setAttributes(this.#live, { "data-state": since === undefined ? "connected" : "disconnected" });
    const [, words] = this.#live.children;
    if (words) setText(words, text);
    setAttributes(this.element, { "data-old": since !== undefined });
    if (!this.#snapshot) return;
    const { health, rooms, page, trouble } = this.#snapshot;
    this.#overview.show(health);
    this.#attention.show(trouble);
    this.#sessions.show(page, rooms);
    this.#rooms.show(rooms, String(this.#sessions.query["roomId"] ?? ""));
    // A node alone has nobody to hand its sessions to.
    this.#drain.hidden = health.checks.redis === "off";
    // Whom nobody could take the first time may be handed over the next time.
    this.#drain.disabled = health.draining && health.counts.sessions === 0;
    setText(this.#drain, health.draining ? drainWords(health) : "Drain node");
  }

  #moment(): Moment {
    return { now: this.#clock.now(), sinceToldMs: performance.now() - (this.#snapshot?.takenAt ?? performance.now()) };
  }

  #say(what: string): void {
    this.#said.hidden = false;
    setText(this.#said, what);
    this.#pulse.now();
  }
}

function sessionInAddress(): string {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}
