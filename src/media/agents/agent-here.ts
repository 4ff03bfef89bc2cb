import type { AgentHello, AgentOrder, AgentStatus, SessionReport } from "@lastseen/protocol/agent";
import type { AgentLink } from "../../ports/agent-links.js";
import type { AgentView } from "@lastseen/protocol/http";
import type { AgentNotice } from "../../ports/node-messages.js";
import { nothingOf } from "./nothing-of.js";

/** An agent that is connected to this node, or was a moment ago, and what it has reported. */
export class AgentHere {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly #pid: number;
  /** What the agent sees as a whole; undefined until it has said so. */
  status: AgentStatus | undefined;
  #version: string;
  #number: number;
  #link: AgentLink | undefined;
  #address = "";
  /** Since when it is connected or away, epoch milliseconds. */
  #since: number;
  readonly #reports = new Map<string, SessionReport>();
  /** The node that holds a session, as far as it is known. */
  readonly #homes = new Map<string, string>();
  /** Reported over an earlier connection, and not yet over this one. */
  #stale = new Set<string>();
  #isComplete = false;

  constructor(hello: AgentHello, now: number) {
    this.id = hello.agentId;
    this.name = hello.name;
    this.host = hello.host;
    this.#pid = hello.pid;
    this.#version = hello.version;
    this.#number = hello.link;
    this.#since = now;
  }

  /** Counts the connections of the agent. */
  get number(): number {
    return this.#number;
  }

  get link(): AgentLink | undefined {
    return this.#link;
  }

  /** Whether it has reported everything over this connection: it has nothing else. */
  get isComplete(): boolean {
    return this.#isComplete && this.#link !== undefined;
  }

  get reports(): ReadonlyMap<string, SessionReport> {
    return this.#reports;
  }

  get notice(): AgentNotice {
    const { unseenWhy } = this.status ?? {};
    return {
      agentId: this.id,
      name: this.name,
      host: this.host,
      pid: this.#pid,
      version: this.#version,
      link: this.#number,
      state: this.#link ? "connected" : "away",
      since: this.#since,
      ...(unseenWhy === undefined ? {} : { unseenWhy }),
    };
  }

  /** What operators see of it, beside its {@link notice}. */
  get details(): Pick<AgentView, "address" | "sessions" | "unknownSessions" | "media"> {
    const {
      workers = 0,
      transports = 0,
      producers = 0,
      consumers = 0,
      unowned = 0,
      unreported = 0,
    } = this.status ?? {};
    return {
      address: this.#address,
      sessions: this.#reports.size,
      unknownSessions: [...this.#reports.keys()].filter((id) => !this.#homes.has(id)).length,
      media: { workers, transports, producers, consumers, unowned, unreported },
    };
  }

  /** A new connection replaces an earlier one. What was reported over that one waits until it is reported again. */
  arrived(hello: AgentHello, link: AgentLink, now: number): void {
    const before = this.#link;
    this.#link = link;
    this.#number = hello.link;
    this.#version = hello.version;
    this.#address = link.address;
    this.#since = now;
    this.#stale = new Set(this.#reports.keys());
    this.#isComplete = false;
    before?.close("replaced");
  }

  /** @returns `false` when another link has replaced this one */
  left(link: AgentLink, now: number): boolean {
    if (this.#link !== link) return false;
    this.#link = undefined;
    this.#since = now;
    return true;
  }

  /** @returns `false` when the agent is away. What is sent to a socket that is about to end is lost */
  send(order: AgentOrder): boolean {
    this.#link?.send(order);
    return this.#link !== undefined;
  }

  /** Keeps a report. @returns `false` when the agent reports too many sessions */
  take(report: SessionReport, most: number): boolean {
    const { sessionId, transports } = report;
    this.#stale.delete(sessionId);
    if (transports === 0) this.#reports.delete(sessionId);
    else if (this.#reports.has(sessionId) || this.#reports.size < most) this.#reports.set(sessionId, report);
    else return false;
    return true;
  }

  /** The agent has reported everything. @returns what it has not reported again, as gone */
  dropStale(): SessionReport[] {
    const gone = [...this.#stale].flatMap((id) => {
      const report = this.#reports.get(id);
      this.#reports.delete(id);
      return report ? [nothingOf(report)] : [];
    });
    this.#stale.clear();
    this.#isComplete = true;
    return gone;
  }

  homeOf(sessionId: string): string | undefined {
    return this.#homes.get(sessionId);
  }

  /** @returns `false` when the agent has nothing of that session any more */
  heldBy(sessionId: string, nodeId: string): boolean {
    const report = this.#reports.get(sessionId);
    if (!report) return false;
    this.#homes.set(sessionId, nodeId);
    this.#reports.set(sessionId, { ...report, wasKnown: true });
    return true;
  }

  /** The session is not where it was thought to be, or the agent has nothing of it any more. */
  forgetHome(sessionId: string): void {
    this.#homes.delete(sessionId);
  }

  /** A transport was told to close; it is not named again. */
  dropTransport(sessionId: string, transportId: string): boolean {
    const report = this.#reports.get(sessionId);
    if (!report?.transportIds.includes(transportId)) return false;
    this.#reports.set(sessionId, { ...report, transportIds: report.transportIds.filter((id) => id !== transportId) });
    return true;
  }
}
