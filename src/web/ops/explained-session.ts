/** The session that the operator has asked about, alive or ended, and what the service told about it. */
import { signal } from "@preact/signals";
import { Refused, type Api } from "./api.js";
import type { ServerClock } from "./server-clock.js";
import { readSession, readTimeline, type Entry, type SessionRow } from "./shapes.js";

const HINT = "Choose Explain at a session, or paste the id of one that has ended within the last 15 minutes.";

export interface Explanation {
  /** Missing where another node holds the session, or where its end left no view of it. */
  readonly session: SessionRow | undefined;
  readonly timeline: readonly Entry[];
  /** When the service told it, epoch ms on the service's clock. */
  readonly at: number;
}

export class ExplainedSession {
  /** Empty when the operator has asked about none. */
  readonly sessionId = signal("");
  /** What the field for the id says. */
  readonly typed = signal("");
  readonly explanation = signal<Explanation | undefined>(undefined);
  /** What to do, or why there is no explanation. */
  readonly note = signal(HINT);
  readonly #api: Api;
  readonly #clock: ServerClock;

  constructor(api: Api, clock: ServerClock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** Shows another session, and puts it into the page's address; an empty id shows none. */
  async open(sessionId: string): Promise<void> {
    this.sessionId.value = sessionId;
    this.typed.value = sessionId;
    this.explanation.value = undefined;
    this.note.value = sessionId === "" ? HINT : "";
    history.replaceState(null, "", sessionId === "" ? location.pathname : `#${encodeURIComponent(sessionId)}`);
    await this.refresh();
  }

  /** Asks again about the session that is shown, if one is. Never rejects. */
  async refresh(): Promise<void> {
    const sessionId = this.sessionId.value;
    if (sessionId === "") return;
    const ask = (path: string[]): Promise<unknown> => this.#api.get(["sessions", sessionId, ...path]);
    const [session, timeline] = await Promise.allSettled([
      ask([]).then(readSession),
      ask(["timeline"]).then(readTimeline),
    ]);
    if (sessionId !== this.sessionId.value) return;
    if (timeline.status === "rejected") {
      this.explanation.value = undefined;
      const error: unknown = timeline.reason;
      this.note.value = error instanceof Refused ? error.message : "The service does not answer.";
      return;
    }
    this.note.value = "";
    this.explanation.value = {
      session: session.status === "fulfilled" ? session.value : undefined,
      timeline: timeline.value,
      at: this.#clock.now(),
    };
  }
}
