import { AGENT_LIMITS, type CloseOutcome, type KnownSession, type SessionReport } from "@lastseen/protocol/agent";
import type { Emitter } from "../../kernel/emitter.js";
import type { MediaCheck, MediaEvents, MediaSight } from "../../ports/media-plane.js";
import { mediaUnavailable } from "../media-errors.js";
import type { AgentOrders } from "./agent-orders.js";
import { nothingOf } from "./nothing-of.js";

/** What one agent has of the session. */
interface Entry {
  readonly agentId: string;
  /** The connection of the agent that reported it. */
  link: number;
  report: SessionReport;
  /** Nobody hears the agent, so what it reported counts no more. */
  isAway: boolean;
  /** It has spoken of the session since the last {@link SessionAgents.takeUnheard}. */
  wasHeard: boolean;
  /** Transports that the agent was told to close. A report that was under way may still name them. */
  readonly told: Set<string>;
  /** The agent has not confirmed yet that all of them are closed. */
  isUnverified: boolean;
  /** The answer to an order, while it is on its way. */
  answer: Promise<CloseOutcome> | undefined;
}

type Connectivity = SessionReport["connectivity"];

/**
 * One session's media in the processes of agents, usually of one. Reports come in; evidence goes out when all of them together
 * say something new. Closing is an order to each agent; the answers are what their workers still hold.
 */
export class SessionAgents {
  readonly sessionId: string;
  readonly #orders: AgentOrders;
  readonly #events: Emitter<MediaEvents>;
  readonly #sight: () => MediaSight;
  readonly #entries = new Map<string, Entry>();
  #isWatched = false;
  #hasEnded = false;
  #connectivity: Connectivity = "none";
  #isSilent = false;
  #hadSome = false;
  /** An agent was forgotten before it confirmed that this session's media is closed. */
  #lostSight = false;

  constructor(options: {
    sessionId: string;
    orders: AgentOrders;
    events: Emitter<MediaEvents>;
    /** What the plane sees as a whole. */
    sight: () => MediaSight;
  }) {
    this.sessionId = options.sessionId;
    this.#orders = options.orders;
    this.#events = options.events;
    this.#sight = options.sight;
  }

  get known(): KnownSession {
    return { sessionId: this.sessionId, isWatched: this.#isWatched };
  }

  counts(): { transports: number; producers: number; consumers: number } {
    const sum = { transports: 0, producers: 0, consumers: 0 };
    for (const { report } of this.#entries.values()) {
      sum.transports += report.transports;
      sum.producers += report.producers;
      sum.consumers += report.consumers;
    }
    return sum;
  }

  /** An agent says what it has of this session now. */
  reported(agentId: string, link: number, given: SessionReport): void {
    const before = this.#entries.get(agentId);
    if (before && before.link > link) return;
    const isStale = given.transportIds.length > 0 && given.transportIds.every((id) => before?.told.has(id));
    const report = isStale ? nothingOf(given) : given;
    const entry = before ?? this.#newEntry(agentId, report);
    entry.link = link;
    entry.report = report;
    entry.isAway = false;
    entry.wasHeard = true;
    if (report.transports > 0) {
      this.#hadSome = true;
      if (this.#hasEnded) this.#order(entry);
    } else if (!entry.isUnverified) {
      this.#entries.delete(agentId);
    }
    // The order may never have arrived: the agent had another connection then, or a message between nodes was lost.
    const again = given.transportIds.filter((id) => entry.told.has(id));
    if (again.length > 0 && !entry.answer) this.#send(entry, again).catch(() => undefined);
    this.#review();
  }

  /** The agents that had media of this session, and have not spoken of it since the last call. */
  takeUnheard(): string[] {
    const entries = [...this.#entries.values()];
    const unheard = entries.filter(({ wasHeard, report }) => !wasHeard && report.transports > 0);
    for (const entry of entries) entry.wasHeard = false;
    return unheard.map(({ agentId }) => agentId);
  }

  /** Nobody hears the agent. What it reported is unknown now, and never counts as lost. */
  agentAway(agentId: string): void {
    const entry = this.#entries.get(agentId);
    if (!entry || entry.isAway) return;
    entry.isAway = true;
    this.#agentUnheard();
  }

  /** The agent does not come back. */
  agentGone(agentId: string): void {
    const entry = this.#entries.get(agentId);
    if (!entry) return;
    this.#entries.delete(agentId);
    this.#lostSight = true;
    if (!entry.isAway) this.#agentUnheard();
  }

  watch(isWatched: boolean): void {
    if (this.#isWatched === isWatched) return;
    this.#isWatched = isWatched;
    if (!isWatched) this.#isSilent = false;
    for (const { agentId } of this.#entries.values()) this.#orders.tellKnown(agentId, [this.known]);
  }

  /** Closes what there is. Media that is made later belongs to the session again. Never throws. */
  closeAll(): void {
    for (const entry of this.#entries.values()) {
      if (entry.report.transports > 0) this.#order(entry);
    }
    this.#connectivity = "none";
    this.#isSilent = false;
  }

  /** Closes everything, also what is made later. To be called again until it says that nothing is left. */
  end(): Promise<MediaCheck> {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      for (const entry of this.#entries.values()) this.#order(entry);
    }
    return this.verify();
  }

  /**
   * What the workers still hold of what was closed.
   *
   * @throws LastseenError `media_unavailable` when an agent is away, or cannot tell
   */
  async verify(): Promise<MediaCheck> {
    const open = [...this.#entries.values()].filter(({ isUnverified }) => isUnverified);
    const outcomes = await Promise.all(open.map(async (entry) => ({ entry, outcome: await this.#answerOf(entry) })));
    const left = { transports: [] as string[], producers: [] as string[], consumers: [] as string[] };
    for (const { entry, outcome } of outcomes) {
      if (outcome.kind === "unseen") this.#lostSight = true;
      if (outcome.kind === "checked") {
        left.transports.push(...outcome.transports);
        left.producers.push(...outcome.producers);
        left.consumers.push(...outcome.consumers);
        if (outcome.transports.length + outcome.producers.length + outcome.consumers.length > 0) continue;
      }
      this.#confirmed(entry);
    }
    if (left.transports.length + left.producers.length + left.consumers.length > 0) return left;
    if (this.#lostSight) return "unseen";
    return this.#hadSome || this.#sight().state === "seen" ? left : "unseen";
  }

  #newEntry(agentId: string, report: SessionReport): Entry {
    const told = new Set<string>();
    const state = { isAway: false, wasHeard: true, isUnverified: false };
    const entry = { agentId, link: 0, report, told, answer: undefined, ...state };
    this.#entries.set(agentId, entry);
    return entry;
  }

  #order(entry: Entry): void {
    const { transportIds } = entry.report;
    for (const id of transportIds) entry.told.add(id);
    entry.report = nothingOf(entry.report);
    entry.isUnverified = true;
    // Whoever verifies gets the failure.
    this.#send(entry, transportIds).catch(() => undefined);
  }

  #send(entry: Entry, transportIds: string[]): Promise<CloseOutcome> {
    const { sessionId } = this;
    const what = this.#hasEnded ? { sessionId } : { sessionId, transportIds };
    const answer = this.#orders.close(entry.agentId, what);
    const settled = (): void => {
      if (entry.answer === answer) entry.answer = undefined;
    };
    entry.answer = answer;
    answer.then(settled, settled);
    return answer;
  }

  async #answerOf(entry: Entry): Promise<CloseOutcome> {
    const outcome = await (entry.answer ?? this.#send(entry, [...entry.told].slice(-AGENT_LIMITS.transports)));
    if (outcome.kind === "failed") throw mediaUnavailable(new Error(outcome.why));
    return outcome;
  }

  #confirmed(entry: Entry): void {
    entry.isUnverified = entry.answer !== undefined;
    if (entry.isUnverified) return;
    entry.told.clear();
    if (entry.report.transports === 0) this.#entries.delete(entry.agentId);
  }

  #agentUnheard(): void {
    const before = { connectivity: this.#connectivity, isSilent: this.#isSilent };
    this.#connectivity = this.#together();
    this.#isSilent = this.#isSilentTogether();
    const isUnknown = before.connectivity !== "none" && this.#connectivity === "none";
    if (isUnknown || (before.isSilent && !this.#isSilent)) {
      this.#events.emit("evidence_unknown", { sessionId: this.sessionId });
    }
  }

  #review(): void {
    const { sessionId } = this;
    const [before, now] = [this.#connectivity, this.#together()];
    this.#connectivity = now;
    if (now === "connected" && before !== "connected") this.#events.emit("evidence", { sessionId, state: "connected" });
    if (now === "lost" && before !== "lost") {
      this.#events.emit("evidence", { sessionId, state: "lost", by: this.#lostBy() });
    }
    const isSilent = this.#isSilentTogether();
    if (isSilent === this.#isSilent) return;
    this.#isSilent = isSilent;
    this.#events.emit("silence", { sessionId, isSilent });
  }

  #heard(): SessionReport[] {
    return [...this.#entries.values()].flatMap(({ isAway, report }) => (isAway ? [] : [report]));
  }

  #together(): Connectivity {
    const states = this.#heard().map(({ connectivity }) => connectivity);
    if (states.includes("connected")) return "connected";
    return states.includes("lost") ? "lost" : "none";
  }

  #lostBy(): "ice" | "dtls" {
    return this.#heard().find(({ connectivity }) => connectivity === "lost")?.lostBy ?? "ice";
  }

  /** Nothing comes from the client in any process in which it sends. */
  #isSilentTogether(): boolean {
    const reports = this.#heard();
    return this.#isWatched && reports.some((one) => one.isSilent) && reports.every(speaksNot);
  }
}

function speaksNot({ isSilent, producers }: SessionReport): boolean {
  return isSilent || producers === 0;
}
