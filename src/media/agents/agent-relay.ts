import type {
  AgentHello,
  AgentMessage,
  AgentOrder,
  CloseOutcome,
  KnownSession,
  SessionReport,
} from "@lastseen/protocol/agent";
import { AGENT_LIMITS, inFrames } from "@lastseen/protocol/agent";
import type { Clock } from "../../kernel/clock.js";
import type { AgentEntrance, AgentLink, AgentVisit } from "../../ports/agent-links.js";
import type { AgentNotice } from "../../ports/node-messages.js";
import type { MediaLogger } from "../media-options.js";
import { AgentHere } from "./agent-here.js";

/** Agents of one node. */
const MOST_AGENTS = 1_000;

/** What the relay passes on. */
export interface RelayListener {
  /** An agent here has come, gone, or sees something else than before. @returns `false` when it is at another node by now */
  noticed(notice: AgentNotice): boolean;
  /** What an agent here has of these sessions now. */
  reported(agent: AgentHere, reports: readonly SessionReport[]): void;
  answered(orderId: string, outcome: CloseOutcome): void;
}

/**
 * The agents that are connected to this node. It keeps what each of them has reported, so that it can tell the nodes that hold
 * the sessions, also later.
 */
export class AgentRelay implements AgentEntrance {
  readonly #clock: Clock;
  readonly #logger: MediaLogger;
  readonly #node: { nodeId: string; version: string };
  readonly #listener: RelayListener;
  readonly #agents = new Map<string, AgentHere>();
  #silenceMs: number;
  #isStopping = false;

  constructor(options: {
    clock: Clock;
    logger: MediaLogger;
    node: { nodeId: string; version: string };
    /** How long nothing has to come from a client that sends, milliseconds, until {@link setSilence} says otherwise. */
    silenceMs: number;
    listener: RelayListener;
  }) {
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#node = options.node;
    this.#silenceMs = options.silenceMs;
    this.#listener = options.listener;
  }

  all(): IterableIterator<AgentHere> {
    return this.#agents.values();
  }

  find(agentId: string): AgentHere | undefined {
    return this.#agents.get(agentId);
  }

  enter(hello: AgentHello, link: AgentLink): AgentVisit | undefined {
    const before = this.#agents.get(hello.agentId);
    if (this.#isStopping || (!before && this.#agents.size >= MOST_AGENTS)) {
      link.close(this.#isStopping ? "stopping" : "full");
      return undefined;
    }
    if (before && before.number > hello.link) {
      link.close("replaced");
      return undefined;
    }
    const agent = before ?? new AgentHere(hello, this.#now());
    agent.arrived(hello, link, this.#now());
    if (!this.#listener.noticed(agent.notice)) {
      link.close("replaced");
      return undefined;
    }
    this.#agents.set(hello.agentId, agent);
    const { agentId, name, host, pid, version } = hello;
    this.#logger.info({ agentId, name, host, pid, version, address: link.address }, "an agent is connected");
    agent.send({ type: "welcome", ...this.#node });
    agent.send({ type: "known", silenceMs: this.#silenceMs, sessions: [] });
    return {
      received: (message) => this.#received(agent, message),
      ended: () => this.#ended(agent, link),
    };
  }

  send(agentId: string, order: AgentOrder): boolean {
    return this.#agents.get(agentId)?.send(order) ?? false;
  }

  /** A node holds these sessions of an agent. */
  acknowledged(agentId: string, from: string, known: readonly KnownSession[]): void {
    const agent = this.#agents.get(agentId);
    if (!agent) return;
    const sessions = known.filter(({ sessionId }) => agent.heldBy(sessionId, from));
    for (const part of inFrames(sessions)) agent.send({ type: "known", silenceMs: this.#silenceMs, sessions: part });
  }

  /** The agent is at another node now, or does not come back. */
  forget(agentId: string): void {
    const agent = this.#agents.get(agentId);
    // First of all, so that the end of its socket is not taken for a loss.
    this.#agents.delete(agentId);
    agent?.link?.close("replaced");
  }

  /** Tells the agents how long nothing has to come, when that has changed. */
  setSilence(afterMs: number): void {
    if (Math.abs(afterMs - this.#silenceMs) < this.#silenceMs / 10) return;
    this.#silenceMs = afterMs;
    for (const agent of this.#agents.values()) agent.send({ type: "known", silenceMs: afterMs, sessions: [] });
  }

  /** Ends all sockets. The agents go to another node, or come back. */
  stop(): void {
    this.#isStopping = true;
    for (const { link } of this.#agents.values()) link?.close("stopping");
  }

  #received(agent: AgentHere, message: Exclude<AgentMessage, AgentHello>): void {
    switch (message.type) {
      case "status": {
        const before = agent.status?.unseenWhy;
        agent.status = message.status;
        if (before !== message.status.unseenWhy) this.#listener.noticed(agent.notice);
        return;
      }
      case "sessions": {
        const taken = message.sessions.filter((report) => agent.take(report, AGENT_LIMITS.sessions));
        return this.#listener.reported(agent, taken);
      }
      case "complete":
        return this.#listener.reported(agent, agent.dropStale());
      case "closed":
        return this.#listener.answered(message.orderId, message.outcome);
      case "bye": {
        this.#logger.info({ agentId: agent.id, name: agent.name }, "an agent has stopped");
        this.#agents.delete(agent.id);
        this.#listener.noticed({ ...agent.notice, state: "gone" });
      }
    }
  }

  #ended(agent: AgentHere, link: AgentLink): void {
    if (!agent.left(link, this.#now()) || this.#agents.get(agent.id) !== agent) return;
    const { id: agentId, name, host } = agent;
    if (!this.#isStopping) this.#logger.warn({ agentId, name, host }, "an agent is away: its media is unseen");
    this.#listener.noticed(agent.notice);
  }

  #now(): number {
    return Math.round(this.#clock.wall());
  }
}
