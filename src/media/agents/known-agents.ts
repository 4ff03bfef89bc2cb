import type { Clock } from "../../kernel/clock.js";
import type { AgentNotice } from "../../ports/node-messages.js";

/** When the node of an agent has not spoken of it for so long, the agent counts as away. */
const UNHEARD_MS = 30_000;
/** When an agent is away for so long, the service does not wait for it any more: what it had is unseen. */
const GIVE_UP_AFTER_MS = 120_000;
/** Operators see it for so long. */
const FORGET_AFTER_MS = 600_000;
/** Agents of all nodes together. Further ones are not remembered. */
const MOST = 10_000;

/** An agent as this node knows it. */
export interface KnownAgent extends Omit<AgentNotice, "state"> {
  readonly state: "connected" | "away";
  /** The node that it is connected to, or was. */
  readonly via: string;
  /** It is away for so long that the service does not wait for it any more. */
  readonly isGivenUp: boolean;
}

interface Entry extends KnownAgent {
  /** When its node last spoke of it, monotonic milliseconds. */
  readonly heardAt: number;
  /** When it came or went away, monotonic milliseconds. */
  readonly changedAt: number;
}

/**
 * The agents of all nodes. Each node tells the others of those that are connected to it. An agent that comes to another node
 * is the same one: of two connections of one process the one with the higher number counts.
 */
export class KnownAgents {
  readonly #clock: Clock;
  readonly #nodeId: string;
  readonly #onAway: (agentId: string) => void;
  readonly #onGone: (agentId: string) => void;
  readonly #agents = new Map<string, Entry>();
  #lost = 0;

  constructor(options: {
    clock: Clock;
    /** This node. */
    nodeId: string;
    /** Nobody hears the agent any more; it may come back. */
    onAway: (agentId: string) => void;
    /** The agent has said goodbye, or is away for too long. */
    onGone: (agentId: string) => void;
  }) {
    this.#clock = options.clock;
    this.#nodeId = options.nodeId;
    this.#onAway = options.onAway;
    this.#onGone = options.onGone;
  }

  find(agentId: string): KnownAgent | undefined {
    return this.#agents.get(agentId);
  }

  all(): KnownAgent[] {
    return [...this.#agents.values()];
  }

  /** How many agents that were connected to this node it has given up. */
  get lost(): number {
    return this.#lost;
  }

  /** Whether an agent is connected to another node. */
  get isAnyElsewhere(): boolean {
    return this.all().some(({ via }) => via !== this.#nodeId);
  }

  /** Names that several connected agents have. Their processes cannot be told apart by name. */
  get sharedNames(): string[] {
    const names = this.all().flatMap(({ state, name }) => (state === "connected" ? [name] : []));
    return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))];
  }

  /**
   * A node says how one of its agents is.
   *
   * @returns `false` when a newer connection of this agent is known
   */
  noticed({ state, ...notice }: AgentNotice, via: string): boolean {
    const before = this.#agents.get(notice.agentId);
    if (before && (before.link > notice.link || (before.link === notice.link && before.via !== via))) return false;
    if (state === "gone") {
      if (before) this.#forget(before);
      return true;
    }
    if (!before && this.#agents.size >= MOST) return true;
    const now = this.#clock.mono();
    const changedAt = before?.state === state ? before.changedAt : now;
    const isGivenUp = state === "away" && before?.isGivenUp === true;
    this.#agents.set(notice.agentId, { ...notice, state, via, isGivenUp, heardAt: now, changedAt });
    if (state === "away" && before?.state !== "away") this.#onAway(notice.agentId);
    if (state === "connected" && !before) this.#forgetNamesakes(notice);
    return true;
  }

  /** To be called now and then: time alone makes agents away, and forgotten. */
  tick(): void {
    const now = this.#clock.mono();
    for (const agent of this.#agents.values()) {
      const { agentId, state, via, heardAt, changedAt, isGivenUp } = agent;
      if (state === "away" && now - changedAt > FORGET_AFTER_MS) this.#forget(agent);
      else if (state === "away" && !isGivenUp && now - changedAt > GIVE_UP_AFTER_MS) this.#giveUp(agent);
      else if (state === "connected" && via !== this.#nodeId && now - heardAt > UNHEARD_MS) {
        this.#agents.set(agentId, { ...agent, state: "away", since: Math.round(this.#clock.wall()), changedAt: now });
        this.#onAway(agentId);
      }
    }
  }

  /** A process that was started again has the name of the one before. What that one had has ended with it. */
  #forgetNamesakes({ agentId, name, host }: Pick<AgentNotice, "agentId" | "name" | "host">): void {
    for (const other of this.#agents.values()) {
      if (other.agentId === agentId || other.name !== name || other.host !== host) continue;
      if (other.state === "away") this.#forget(other);
    }
  }

  #giveUp(agent: Entry): void {
    this.#agents.set(agent.agentId, { ...agent, isGivenUp: true });
    if (agent.via === this.#nodeId) this.#lost += 1;
    this.#onGone(agent.agentId);
  }

  #forget({ agentId, isGivenUp }: Entry): void {
    this.#agents.delete(agentId);
    if (!isGivenUp) this.#onGone(agentId);
  }
}
