/**
 * Where agents come in. `gateway/agents/` reads their sockets, `media/agents/` decides what their messages mean. An agent is a
 * process with mediasoup of its own; see `@lastseen/protocol/agent`.
 */
import type { AgentHello, AgentMessage, AgentOrder } from "@lastseen/protocol/agent";

/**
 * Why the service ends the socket of an agent. `replaced`: the same process has a newer one. `silent`: it answers no pings.
 * `slow`: it does not read. `wrong`: it sent what is no message of an agent. `full`: this node has agents enough.
 */
export type AgentEnd = "replaced" | "silent" | "slow" | "wrong" | "full" | "stopping";

/** The socket of one agent. */
export interface AgentLink {
  /** Where it comes from. */
  readonly address: string;
  /** Never throws. What is sent to a socket that has ended is lost. */
  send(order: AgentOrder): void;
  close(end: AgentEnd): void;
}

/** One agent while it has a socket here. */
export interface AgentVisit {
  received(message: Exclude<AgentMessage, AgentHello>): void;
  /** The socket has ended, or answers no more. To be called once. */
  ended(): void;
}

export interface AgentEntrance {
  /** An agent has said hello. @returns undefined when it cannot be taken; then the link was closed */
  enter(hello: AgentHello, link: AgentLink): AgentVisit | undefined;
}
