/**
 * What the operator has asked about: a session, alive or ended, with what the service told about it, or the sessions that
 * fit the words that the operator typed.
 */
import { signal } from "@preact/signals";
import { Refused, type Api } from "./api.js";
import type { ServerClock } from "./server-clock.js";
import { readSession, readSessionPage, readTimeline, type Entry, type SessionRow } from "./shapes.js";

const HINT =
  "Type a user, a name or a room: the answer lists who is here and who has ended within the last 15 minutes. Or paste a session id from a log line.";
const NOBODY = "Nothing is known of such a session, user or room, or it ended more than 15 minutes ago.";
/** Of those that are here, and of those that have ended. */
const MOST_FOUND = 20;

export interface Explanation {
  /** Missing where another node holds the session, or where its end left no view of it. */
  readonly session: SessionRow | undefined;
  readonly timeline: readonly Entry[];
  /** When the service told it, epoch ms on the service's clock. */
  readonly at: number;
}

/** The sessions that fit what was typed. */
interface Found {
  /** The last that ended comes first, then those that are here. */
  readonly sessions: readonly SessionRow[];
  /** When the service told it, epoch ms on the service's clock. */
  readonly at: number;
}

export class ExplainedSession {
  /** Empty when the operator has asked about none. */
  readonly sessionId = signal("");
  /** What the field says. */
  readonly typed = signal("");
  readonly explanation = signal<Explanation | undefined>(undefined);
  /** Undefined when the operator has searched for nothing, or when only one session fits. */
  readonly found = signal<Found | undefined>(undefined);
  /** What to do, or why there is no explanation. */
  readonly note = signal(HINT);
  readonly #api: Api;
  readonly #clock: ServerClock;
  #searches = 0;

  constructor(api: Api, clock: ServerClock) {
    this.#api = api;
    this.#clock = clock;
  }

  /**
   * Looks for a session with this id, and for sessions, alive or ended, with this text in their user, name or room. Opens the
   * session if it is only one. Puts the words into the page's address. Never rejects.
   */
  async search(words: string): Promise<void> {
    const number = ++this.#searches;
    const wanted = words.trim();
    this.found.value = undefined;
    this.#show(wanted, "");
    this.typed.value = wanted;
    if (wanted === "") return;
    this.note.value = "Searching…";
    const sessions = (query: object) =>
      this.#api.get(["sessions"], { search: wanted, limit: MOST_FOUND, ...query }).then(readSessionPage);
    const [timeline, ended, here] = await Promise.allSettled([
      this.#api.get(["sessions", wanted, "timeline"]),
      sessions({ state: "ended" }),
      sessions({}),
    ]);
    if (number !== this.#searches) return;
    if (timeline.status === "fulfilled") return this.open(wanted);
    const failure = [ended, here].find((answer) => answer.status === "rejected");
    if (ended.status === "rejected" || here.status === "rejected") {
      this.note.value = whyNot(failure?.reason);
      return;
    }
    const found = [...ended.value.sessions, ...here.value.sessions];
    const [only] = found;
    if (only && found.length === 1) return this.open(only.id);
    const missing = [...new Set([...ended.value.missing, ...here.value.missing])];
    this.note.value = [
      ...(found.length === 0 ? [NOBODY] : []),
      ...missing.map((node) => `Node ${node} did not answer: its sessions are not among these.`),
    ].join(" ");
    if (found.length > 0) this.found.value = { sessions: found, at: this.#clock.now() };
  }

  /** Shows another session, and puts it into the page's address. */
  async open(sessionId: string): Promise<void> {
    this.#searches += 1;
    this.#show(sessionId, sessionId);
    this.note.value = "";
    await this.refresh();
  }

  /** Shows again what was found, instead of the session that was opened from it. */
  backToFound(): void {
    this.#show(this.typed.value, "");
    this.note.value = "";
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
      this.note.value = whyNot(timeline.reason);
      return;
    }
    this.note.value = "";
    this.explanation.value = {
      session: session.status === "fulfilled" ? session.value : undefined,
      timeline: timeline.value,
      at: this.#clock.now(),
    };
  }

  #show(address: string, sessionId: string): void {
    this.sessionId.value = sessionId;
    this.explanation.value = undefined;
    this.note.value = HINT;
    history.replaceState(null, "", address === "" ? location.pathname : `#${encodeURIComponent(address)}`);
  }
}

function whyNot(error: unknown): string {
  return error instanceof Refused ? error.message : "The service does not answer.";
}
