import { inFrames, type SessionReport } from "@lastseen/protocol/agent";
import type { Clock } from "../../kernel/clock.js";
import type { Bus } from "../../ports/bus.js";
import type { Directory } from "../../ports/directory.js";
import { addTo } from "./add-to.js";
import type { AgentHere } from "./agent-here.js";

/** Sessions that are looked up at once. */
const SLICE = 500;
/** A session that is not found is looked up again soon: its node may be writing it at this moment. */
const SOON_MS = 2_000;
/** After so many attempts it is looked up less often. */
const SOON_ATTEMPTS = 5;
const LATER_MS = 30_000;
/** How often the nodes are told everything again, because a message between nodes may be lost. */
const REPEAT_MS = 30_000;

interface Search {
  attempts: number;
  /** How often the store has answered that no node holds the session. */
  misses: number;
  /** Monotonic milliseconds. */
  nextAt: number;
}

/** Of too many sessions those come first that were looked up least often. So nobody's second attempt comes before another one's first. */
function byTurn([, one]: [string, Search], [, other]: [string, Search]): number {
  return one.attempts - other.attempts || one.nextAt - other.nextAt;
}

/**
 * Finds the nodes that hold the sessions which the agents of this node report, and sends the reports there. The directory
 * says which node it is. When it says none, and the session was known before, all nodes are asked.
 */
export class SessionHomes {
  readonly #clock: Clock;
  readonly #bus: Bus;
  readonly #directory: Pick<Directory, "nodeId" | "findSessions">;
  /** By agent, then by session. */
  readonly #searches = new Map<AgentHere, Map<string, Search>>();
  readonly #asking = new Set<AgentHere>();
  #repeatedAt: number;

  constructor(options: { clock: Clock; bus: Bus; directory: Pick<Directory, "nodeId" | "findSessions"> }) {
    this.#clock = options.clock;
    this.#bus = options.bus;
    this.#directory = options.directory;
    this.#repeatedAt = this.#clock.mono();
  }

  /** Sends reports of sessions that this node does not hold to the nodes that do. */
  send(agent: AgentHere, reports: readonly SessionReport[]): void {
    const byHome = new Map<string, SessionReport[]>();
    for (const report of reports) {
      const home = agent.homeOf(report.sessionId);
      if (home !== undefined && home !== this.#directory.nodeId) addTo(byHome, home, report);
      else if (report.transports > 0) this.search(agent, report.sessionId);
      if (report.transports > 0) continue;
      agent.forgetHome(report.sessionId);
      this.settle(agent, report.sessionId);
    }
    for (const [nodeId, some] of byHome) this.report({ nodeId }, agent, some);
    void this.#look(agent);
  }

  /** Tells a node, or all, what the agent has of these sessions. */
  report(to: { nodeId: string } | "all", agent: AgentHere, reports: readonly SessionReport[]): void {
    for (const sessions of inFrames(reports)) {
      this.#bus.send(to, { type: "agent_report", agentId: agent.id, link: agent.number, sessions });
    }
  }

  /** Looks for the node of a session, unless that is under way. @param inMs when nobody has answered by then */
  search(agent: AgentHere, sessionId: string, inMs = 0): void {
    let searches = this.#searches.get(agent);
    if (!searches) this.#searches.set(agent, (searches = new Map()));
    if (!searches.has(sessionId))
      searches.set(sessionId, { attempts: 0, misses: 0, nextAt: this.#clock.mono() + inMs });
  }

  /** The node was found, or the session does not matter any more. */
  settle(agent: AgentHere, sessionId: string): void {
    const searches = this.#searches.get(agent);
    searches?.delete(sessionId);
    if (searches?.size === 0) this.#searches.delete(agent);
  }

  /** Whether the store has said more than once that no node holds the session. */
  isHomeless(agent: AgentHere, sessionId: string): boolean {
    return (this.#searches.get(agent)?.get(sessionId)?.misses ?? 0) > 1;
  }

  /** To be called several times a second, with the agents that are here. */
  tick(agents: Iterable<AgentHere>): void {
    const here = new Set(agents);
    for (const agent of this.#searches.keys()) if (!here.has(agent)) this.#searches.delete(agent);
    for (const agent of this.#searches.keys()) void this.#look(agent);
    const now = this.#clock.mono();
    if (now - this.#repeatedAt < REPEAT_MS) return;
    this.#repeatedAt = now;
    for (const agent of here) if (agent.link) this.#repeat(agent);
  }

  /** A node that does not answer has perhaps died, and who goes on with its sessions may not have asked for their media. */
  #repeat(agent: AgentHere): void {
    const reports = [...agent.reports.values()].filter(this.#isElsewhere(agent));
    for (const { sessionId } of reports) this.search(agent, sessionId, SOON_MS);
    this.send(agent, reports);
  }

  readonly #isElsewhere =
    (agent: AgentHere) =>
    ({ sessionId }: SessionReport): boolean => {
      const home = agent.homeOf(sessionId);
      return home !== undefined && home !== this.#directory.nodeId;
    };

  async #look(agent: AgentHere): Promise<void> {
    if (this.#asking.has(agent)) return;
    const now = this.#clock.mono();
    const allDue = [...(this.#searches.get(agent) ?? [])].filter(([, { nextAt }]) => nextAt <= now);
    if (allDue.length === 0) return;
    const due = allDue.length > SLICE ? allDue.toSorted(byTurn).slice(0, SLICE) : allDue;
    this.#asking.add(agent);
    for (const [, search] of due) {
      search.attempts += 1;
      search.nextAt = now + (search.attempts < SOON_ATTEMPTS ? SOON_MS : LATER_MS);
    }
    try {
      await this.#find(
        agent,
        due.map(([sessionId]) => sessionId),
      );
    } catch {
      // The store does not answer. Nothing is known, and the next attempt comes.
    } finally {
      this.#asking.delete(agent);
    }
  }

  async #find(agent: AgentHere, sessionIds: readonly string[]): Promise<void> {
    const placed = await this.#directory.findSessions(sessionIds);
    const homes = new Map(placed.map(({ sessionId, nodeId }) => [sessionId, nodeId]));
    const lost: SessionReport[] = [];
    const byHome = new Map<string, SessionReport[]>();
    for (const sessionId of sessionIds) {
      const home = homes.get(sessionId);
      const report = agent.reports.get(sessionId);
      const search = this.#searches.get(agent)?.get(sessionId);
      if (home === undefined && search) {
        search.misses += 1;
        agent.forgetHome(sessionId);
      } else if (search) search.misses = 0;
      if (!report) this.settle(agent, sessionId);
      else if (home === undefined && report.wasKnown) lost.push(report);
      else if (home !== undefined && home !== this.#directory.nodeId) addTo(byHome, home, report);
    }
    for (const [nodeId, some] of byHome) this.report({ nodeId }, agent, some);
    if (lost.length > 0) this.report("all", agent, lost);
  }
}
