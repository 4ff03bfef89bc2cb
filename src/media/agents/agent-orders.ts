import { randomUUID } from "node:crypto";
import type { AgentOrder, CloseOrder, CloseOutcome, KnownSession } from "@lastseen/protocol/agent";
import type { Clock } from "../../kernel/clock.js";
import { withTimeLimit } from "../../kernel/time-limit.js";
import type { Bus } from "../../ports/bus.js";
import { mediaUnavailable } from "../media-errors.js";
import type { KnownAgents } from "./known-agents.js";

/** How long an answer may take: the agent waits up to 5 s for its worker. */
const ANSWER_LIMIT_MS = 8_000;
/** Orders that wait for an answer. */
const MOST_OPEN = 20_000;

/** The agents that are connected to this node. */
interface AgentsHere {
  send(agentId: string, order: AgentOrder): void;
  /** This node holds these sessions. */
  acknowledged(agentId: string, from: string, known: readonly KnownSession[]): void;
}

/** Orders of this node to agents, wherever they are connected. */
export class AgentOrders {
  readonly #clock: Clock;
  readonly #bus: Bus;
  readonly #nodeId: string;
  readonly #agents: KnownAgents;
  readonly #here: AgentsHere;
  readonly #open = new Map<string, (outcome: CloseOutcome) => void>();

  constructor(options: { clock: Clock; bus: Bus; nodeId: string; agents: KnownAgents; here: AgentsHere }) {
    this.#clock = options.clock;
    this.#bus = options.bus;
    this.#nodeId = options.nodeId;
    this.#agents = options.agents;
    this.#here = options.here;
  }

  /**
   * Closes media in the process of an agent.
   *
   * @returns what the agent says; `unseen` when nobody knows the agent any more
   * @throws LastseenError `media_unavailable` when the agent is away or does not answer in time
   */
  async close(agentId: string, what: Omit<CloseOrder, "orderId">): Promise<CloseOutcome> {
    const agent = this.#agents.find(agentId);
    if (!agent || agent.isGivenUp) return { kind: "unseen" };
    if (agent.state === "away") throw mediaUnavailable(new Error(`the agent ${agent.name} on ${agent.host} is away`));
    if (this.#open.size >= MOST_OPEN) throw mediaUnavailable(new Error("too many orders to agents are open"));
    const order = { orderId: randomUUID(), ...what };
    const answered = new Promise<CloseOutcome>((resolve) => this.#open.set(order.orderId, resolve));
    if (agent.via === this.#nodeId) this.#here.send(agentId, { type: "close", ...order });
    else this.#bus.send({ nodeId: agent.via }, { type: "agent_close", agentId, order });
    try {
      return await withTimeLimit(this.#clock, ANSWER_LIMIT_MS, `an answer of the agent ${agent.name}`, answered);
    } catch (error) {
      throw mediaUnavailable(error);
    } finally {
      this.#open.delete(order.orderId);
    }
  }

  /** @returns `false` when this node has not given that order, or does not wait any more */
  answered(orderId: string, outcome: CloseOutcome): boolean {
    const resolve = this.#open.get(orderId);
    resolve?.(outcome);
    return resolve !== undefined;
  }

  /** Tells an agent which of its sessions this node has, and which of those are watched. */
  tellKnown(agentId: string, known: KnownSession[]): void {
    const agent = this.#agents.find(agentId);
    if (!agent || known.length === 0) return;
    if (agent.via === this.#nodeId) this.#here.acknowledged(agentId, this.#nodeId, known);
    else this.#bus.send({ nodeId: agent.via }, { type: "agent_sessions", agentId, known, unknown: [] });
  }
}
