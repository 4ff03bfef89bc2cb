/**
 * The state of the operator page. The service is asked every two seconds; its answer, and what the operator has chosen,
 * are signals, and the components show what follows from them.
 */
import { computed, signal } from "@preact/signals";
import { OperatorActions } from "./actions.js";
import { Refused, type Api, type Query } from "./api.js";
import type { Chosen, Question } from "./confirm-dialog.js";
import { Contact } from "./contact.js";
import { ExplainedSession } from "./explained-session.js";
import { Poller } from "./poller.js";
import type { ServerClock } from "./server-clock.js";
import type { Settings } from "./shapes.js";
import { LastHour } from "./last-hour.js";
import { takeSnapshot, type Snapshot } from "./snapshot.js";

const REFRESH = { intervalMs: 2_000, share: 1 / 5 } as const;
/** A pulse that fails is noticed within the sum of its interval and its time limit. */
const PULSE = { intervalMs: 2_000, share: 1 } as const;
const PULSE_TIMEOUT_MS = 2_500;
/** Ages grow between two answers. */
const TICK_MS = 1_000;
/** Sessions on one page of the list. */
export const PAGE_SIZE = 50;

/** Which sessions are listed; an empty text: any. */
export interface Filter {
  /** A part of the user id or the name. */
  readonly search: string;
  readonly roomId: string;
  readonly state: string;
}

/** The moment that ages and deadlines are shown for. */
export interface Moment {
  /** The service's time, epoch ms. */
  readonly now: number;
  /** Since the service gave the answer that is shown, milliseconds. */
  readonly sinceToldMs: number;
}

export class OpsStore {
  readonly settings: Settings;
  readonly actions: OperatorActions;
  readonly explained: ExplainedSession;
  readonly contact = new Contact(() => Date.now());
  readonly lastHour: LastHour;
  readonly snapshot = signal<Snapshot | undefined>(undefined);
  /** What came of the operator's last action; empty before the first. */
  readonly outcome = signal("");
  readonly question = signal<(Question & { answer: (chosen: Chosen | undefined) => void }) | undefined>(undefined);
  readonly filter = signal<Filter>({ search: "", roomId: "", state: "" });
  /** The cursors of the pages that led to this one; none: the first page. */
  readonly cursors = signal<readonly string[]>([]);
  readonly #moment = signal<Moment>({ now: 0, sinceToldMs: 0 });
  readonly #query = computed<Query>(() => ({
    ...this.filter.value,
    search: this.filter.value.search.trim(),
    cursor: this.cursors.value.at(-1),
    limit: PAGE_SIZE,
  }));
  readonly #api: Api;
  readonly #clock: ServerClock;
  readonly #tokenRefused: (why: string) => void;
  readonly #poller: Poller;
  readonly #pulse: Poller;
  readonly #onHash = (): void => void this.explained.search(askedInAddress());
  #ticks: ReturnType<typeof setInterval> | undefined;

  /** @param parts `tokenRefused` is called when the service takes the token no more */
  constructor(parts: { api: Api; clock: ServerClock; settings: Settings; tokenRefused: (why: string) => void }) {
    this.settings = parts.settings;
    this.#api = parts.api;
    this.#clock = parts.clock;
    this.#tokenRefused = parts.tokenRefused;
    this.explained = new ExplainedSession(parts.api, parts.clock);
    this.actions = new OperatorActions(
      parts.api,
      (question) => this.#ask(question),
      (outcome) => {
        this.outcome.value = outcome;
        this.#poller.now();
      },
    );
    this.lastHour = new LastHour(parts.api);
    this.#poller = new Poller(REFRESH, () => this.#refresh());
    this.#pulse = new Poller(PULSE, () => this.#feelPulse());
  }

  get moment(): Moment {
    return this.#moment.value;
  }

  start(): void {
    this.#ticks = setInterval(() => this.#tick(), TICK_MS);
    addEventListener("hashchange", this.#onHash);
    this.#poller.now();
    this.#pulse.now();
    this.lastHour.start();
    if (askedInAddress() !== "") this.#onHash();
  }

  close(): void {
    this.#poller.close();
    this.#pulse.close();
    this.lastHour.close();
    clearInterval(this.#ticks);
    removeEventListener("hashchange", this.#onHash);
  }

  /** Lists the sessions that fit, from the first page. */
  narrow(change: Partial<Filter>): void {
    this.filter.value = { ...this.filter.value, ...change };
    this.#turnTo([]);
  }

  nextPage(): void {
    const cursor = this.snapshot.value?.page.cursor;
    if (typeof cursor === "string") this.#turnTo([...this.cursors.value, cursor]);
  }

  previousPage(): void {
    this.#turnTo(this.cursors.value.slice(0, -1));
  }

  #turnTo(cursors: readonly string[]): void {
    this.cursors.value = cursors;
    this.#poller.now();
  }

  async #refresh(): Promise<boolean> {
    this.#tick();
    try {
      const [snapshot] = await Promise.all([takeSnapshot(this.#api, this.#query.value), this.explained.refresh()]);
      this.snapshot.value = snapshot;
      this.contact.answered("data");
      return true;
    } catch (error) {
      this.#failed("data", error);
      return false;
    } finally {
      this.#tick();
    }
  }

  async #feelPulse(): Promise<boolean> {
    try {
      await this.#api.get(["settings"], {}, PULSE_TIMEOUT_MS);
      this.contact.answered("pulse");
      return true;
    } catch (error) {
      this.#failed("pulse", error);
      return false;
    }
  }

  #failed(asker: "pulse" | "data", error: unknown): void {
    if (error instanceof Refused && error.status === 401)
      this.#tokenRefused("The service does not take this token any more.");
    this.contact.failed(asker, error);
  }

  #tick(): void {
    this.contact.tick();
    // Without an answer nobody knows whether anybody was heard since, so the ages stand still.
    if (this.contact.problem.value) return;
    const takenAt = this.snapshot.value?.takenAt ?? performance.now();
    this.#moment.value = { now: this.#clock.now(), sinceToldMs: performance.now() - takenAt };
  }

  #ask(question: Question): Promise<Chosen | undefined> {
    return new Promise((resolve) => {
      const answer = (chosen: Chosen | undefined): void => {
        this.question.value = undefined;
        resolve(chosen);
      };
      this.question.value = { ...question, answer };
    });
  }
}

/** The session id, or the other words, that the address asks about. */
function askedInAddress(): string {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}
