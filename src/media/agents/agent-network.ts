import { inFrames, type CloseOrder, type KnownSession, type SessionReport } from "@lastseen/protocol/agent";
import type { Clock } from "../../kernel/clock.js";
import type { Bus } from "../../ports/bus.js";
import type { Directory } from "../../ports/directory.js";
import type { AgentNotice, NodeMessage } from "../../ports/node-messages.js";
import type { MediaLogger } from "../media-options.js";
import type { AgentHere } from "./agent-here.js";
import { AgentOrders } from "./agent-orders.js";
import { AgentRelay } from "./agent-relay.js";
import { KnownAgents } from "./known-agents.js";
import { nothingOf } from "./nothing-of.js";
import { SessionHomes } from "./session-homes.js";

/** How often a node tells the others how its agents are. */
const ANNOUNCE_MS = 10_000;
/** How often a node asks about media that no report has named since. The nodes repeat all reports more than twice in this time. */
const CHECK_MS = 75_000;
/** How long the node of a session waits for an answer, and some more. */
const ASKER_MS = 15_000;

/** Which of the reported sessions this node holds. */
export interface Acknowledgement {
  known: KnownSession[];
  unknown: string[];
}

/** The sessions of this node. */
export interface SessionsHere {
  /** Whether this node holds the session, or held it when it ended. */
  has(sessionId: string): boolean;
  /** What an agent has of these sessions now. */
  reported(agentId: string, link: number, reports: readonly SessionReport[]): Acknowledgement;
  /** Sessions, by the agents that had media of them and have not spoken of it since the last call. */
  takeUnheard(): ReadonlyMap<string, string[]>;
  /** Nobody hears the agent any more; it may come back. */
  agentAway(agentId: string): void;
  /** The agent does not come back. */
  agentGone(agentId: string): void;
}

/** Connects the agents with the nodes that hold the sessions, and the nodes with each other. */
export class AgentNetwork {
  readonly #clock: Clock;
  readonly #bus: Bus;
  readonly #nodeId: string;
  readonly #sessions: SessionsHere;
  readonly known: KnownAgents;
  readonly relay: AgentRelay;
  readonly homes: SessionHomes;
  readonly orders: AgentOrders;
  /** The nodes that gave the open orders to agents of this node, by order. */
  readonly #askers = new Map<string, string>();
  /** Sessions that this node has taken over, and of which it asks the other nodes with the next tick. */
  readonly #continued = new Set<string>();
  readonly #unfollow: () => void;
  #announcedAt = -Infinity;
  #checkedAt: number;

  constructor(options: {
    clock: Clock;
    bus: Bus;
    directory: Pick<Directory, "nodeId" | "findSessions">;
    logger: MediaLogger;
    version: string;
    silenceMs: number;
    sessions: SessionsHere;
  }) {
    const { clock, bus, directory, logger, version, silenceMs, sessions } = options;
    const { nodeId } = directory;
    this.#clock = clock;
    this.#bus = bus;
    this.#nodeId = nodeId;
    this.#sessions = sessions;
    this.#checkedAt = clock.mono();
    this.known = new KnownAgents({
      clock,
      nodeId,
      onAway: (agentId) => sessions.agentAway(agentId),
      onGone: (agentId) => {
        this.relay.forget(agentId);
        sessions.agentGone(agentId);
      },
    });
    this.homes = new SessionHomes({ clock, bus, directory });
    this.relay = new AgentRelay({
      clock,
      logger,
      node: { nodeId, version },
      silenceMs,
      listener: {
        noticed: (notice) => this.#noticed(notice),
        reported: (agent, reports) => this.#reportedHere(agent, reports),
        answered: (orderId, outcome) => {
          if (this.orders.answered(orderId, outcome)) return;
          const asker = this.#askers.get(orderId);
          this.#askers.delete(orderId);
          if (asker !== undefined) bus.send({ nodeId: asker }, { type: "agent_closed", orderId, outcome });
        },
      },
    });
    this.orders = new AgentOrders({ clock, bus, nodeId, agents: this.known, here: this.relay });
    this.#unfollow = bus.on("message", ({ from, message }) => this.#fromNode(from, message));
  }

  /** This node holds the session now. @param isContinued another node held it before */
  opened(sessionId: string, isContinued: boolean): void {
    if (isContinued) this.#continued.add(sessionId);
    this.#reportAgain([sessionId]);
  }

  /** To be called several times a second. */
  tick(silenceMs: number): void {
    this.relay.setSilence(silenceMs);
    this.known.tick();
    this.homes.tick(this.relay.all());
    this.#askForContinued();
    if (this.#clock.mono() - this.#announcedAt >= ANNOUNCE_MS) this.#announce();
    if (this.#clock.mono() - this.#checkedAt >= CHECK_MS) this.#askForUnheard();
  }

  close(): void {
    this.relay.stop();
    this.#unfollow();
  }

  #fromNode(from: string, message: NodeMessage): void {
    switch (message.type) {
      case "agents":
        for (const notice of message.agents) {
          this.known.noticed(notice, from);
          const { via = from } = this.known.find(notice.agentId) ?? {};
          if (via !== this.#nodeId) this.relay.forget(notice.agentId);
        }
        return;
      case "agent_report": {
        const { agentId, link, sessions } = message;
        const { known, unknown } = this.#sessions.reported(agentId, link, sessions);
        if (known.length + unknown.length === 0) return;
        this.#bus.send({ nodeId: from }, { type: "agent_sessions", agentId, known, unknown });
        return;
      }
      case "agent_sessions":
        this.#acknowledged(message.agentId, from, message);
        return;
      case "agent_where":
        if (message.agentId === undefined) this.#reportAgain(message.sessionIds, from);
        else this.#reportGone(message.agentId, message.sessionIds, from);
        return;
      case "agent_close":
        this.#orderFrom(from, message.agentId, message.order);
        return;
      case "agent_closed":
        this.orders.answered(message.orderId, message.outcome);
        return;
      default:
    }
  }

  /** Something about an agent here has changed. */
  #noticed(notice: AgentNotice): boolean {
    if (!this.known.noticed(notice, this.#nodeId)) return false;
    this.#bus.send("all", { type: "agents", agents: [notice] });
    return true;
  }

  #announce(): void {
    this.#announcedAt = this.#clock.mono();
    const agents = [...this.relay.all()].map(({ notice }) => notice);
    if (agents.length > 0) this.#bus.send("all", { type: "agents", agents });
  }

  #reportedHere(agent: AgentHere, reports: readonly SessionReport[]): void {
    const here = reports.filter(({ sessionId }) => this.#sessions.has(sessionId));
    const elsewhere = reports.filter(({ sessionId }) => !this.#sessions.has(sessionId));
    this.#acknowledged(agent.id, this.#nodeId, this.#sessions.reported(agent.id, agent.number, here));
    for (const { sessionId, transports } of here) {
      if (transports > 0) continue;
      agent.forgetHome(sessionId);
      this.homes.settle(agent, sessionId);
    }
    this.homes.send(agent, elsewhere);
  }

  #acknowledged(agentId: string, from: string, { known, unknown }: Acknowledgement): void {
    this.relay.acknowledged(agentId, from, known);
    const agent = this.relay.find(agentId);
    if (!agent) return;
    for (const { sessionId } of known) this.homes.settle(agent, sessionId);
    for (const sessionId of unknown) {
      if (agent.homeOf(sessionId) === from) agent.forgetHome(sessionId);
      if (agent.reports.has(sessionId) && agent.homeOf(sessionId) === undefined) this.homes.search(agent, sessionId);
    }
  }

  /** The agents here say what they have of these sessions. @param to the node that asks; left out: this node */
  #reportAgain(sessionIds: readonly string[], to?: string): void {
    for (const agent of this.relay.all()) {
      const reports = agent.link ? sessionIds.flatMap((id) => agent.reports.get(id) ?? []) : [];
      if (reports.length === 0) continue;
      if (to === undefined) this.#reportedHere(agent, reports);
      else this.homes.report({ nodeId: to }, agent, reports);
    }
  }

  #askForContinued(): void {
    if (this.#continued.size === 0) return;
    const sessionIds = [...this.#continued];
    this.#continued.clear();
    if (!this.known.isAnyElsewhere) return;
    for (const part of inFrames(sessionIds)) this.#bus.send("all", { type: "agent_where", sessionIds: part });
  }

  /** The report that media has gone may be lost between nodes, and nobody makes one when the agent has no connection then. */
  #askForUnheard(): void {
    this.#checkedAt = this.#clock.mono();
    for (const [agentId, sessionIds] of this.#sessions.takeUnheard()) {
      const agent = this.known.find(agentId);
      if (agent?.state !== "connected") continue;
      if (agent.via === this.#nodeId) this.#reportGone(agentId, sessionIds);
      else
        for (const part of inFrames(sessionIds)) {
          this.#bus.send({ nodeId: agent.via }, { type: "agent_where", agentId, sessionIds: part });
        }
    }
  }

  /** Which of these sessions an agent here has nothing of. @param to the node that asks; left out: this node */
  #reportGone(agentId: string, sessionIds: readonly string[], to?: string): void {
    const agent = this.relay.find(agentId);
    if (!agent?.isComplete) return;
    const gone = sessionIds.filter((id) => !agent.reports.has(id));
    const reports = gone.map((sessionId) => nothingOf({ sessionId, wasKnown: true }));
    if (to === undefined) this.#sessions.reported(agentId, agent.number, reports);
    else this.homes.report({ nodeId: to }, agent, reports);
  }

  #orderFrom(nodeId: string, agentId: string, order: CloseOrder): void {
    const { orderId } = order;
    if (this.relay.send(agentId, { type: "close", ...order })) {
      this.#askers.set(orderId, nodeId);
      this.#clock.after(ASKER_MS, () => this.#askers.delete(orderId));
      return;
    }
    const outcome = { kind: "failed" as const, why: "the agent is not connected to this node" };
    this.#bus.send({ nodeId }, { type: "agent_closed", orderId, outcome });
  }
}
